import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { projectFolder } from '../../../cli/doctor/deployment/stack.ts';

/** The command with this on its standard input. */
async function init(args: string[], input: string) {
  const bin = fileURLToPath(new URL('../../../cli/bin.mjs', import.meta.url));
  const child = spawn(process.execPath, [bin, 'init', ...args]);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.end(input);
  const [stderr, code] = await Promise.all([text(child.stderr), ended]);
  return { stderr, code };
}

it('reads answers from a pipe, and writes nothing where they end too soon', async () => {
  const { stderr, code } = await init(['test-of-init'], 'eu-west-1\ns3\n');
  expect(stderr).toContain('The input ended before "What makes them" was answered');
  expect(code).toBe(1);
  expect(existsSync(`${projectFolder}/Pulumi.test-of-init.yaml`)).toBe(false);
}, 40_000);

it('asks nothing for a stack whose file is there', async () => {
  const { stderr, code } = await init(['dev'], '');
  expect(stderr).toBe(
    'Pulumi.dev.yaml is there already, and was left as it is. Use another name ("farm init NAME"), or edit it.\n',
  );
  expect(code).toBe(1);
}, 40_000);
