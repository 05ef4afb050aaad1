import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DemoResult } from '../../../cli/demo/result.ts';

const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

/** The demo as a process of its own. Its temporary files go under `folder/tmp`. */
export const startDemo = (folder: string, ...args: string[]) => startDemoWith({}, folder, ...args);

/** The same with other environment variables. */
export async function startDemoWith(changes: NodeJS.ProcessEnv, folder: string, ...args: string[]) {
  const tmp = join(folder, 'tmp');
  await mkdir(tmp, { recursive: true });
  const { INIT_CWD: _, ...env } = process.env;
  const child = spawn(process.execPath, [main, 'demo', ...args], {
    cwd: folder,
    env: { ...env, TMPDIR: tmp, ...changes },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output, ended, leftovers: () => readdir(tmp) };
}

/** What `--json` prints. */
export const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as DemoResult;
