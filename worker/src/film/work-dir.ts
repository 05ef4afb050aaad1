import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * Makes a folder of this worker's own below `root`, and removes those of workers of this machine that are gone: a
 * worker that was killed leaves what it was making.
 * @returns the folder; its owner removes it at the end
 */
export async function openWorkDir(root: string): Promise<string> {
  // Containers that share a disk do not see each other's processes, but their host names differ.
  const machine = `${hostname().replaceAll(/[^\w.-]/g, '_')}-`;
  await mkdir(root, { recursive: true });
  for (const name of await readdir(root)) {
    const pid = Number(name.startsWith(machine) ? name.slice(machine.length) : Number.NaN);
    if (Number.isInteger(pid) && (pid === process.pid || !isRunning(pid))) {
      await rm(join(root, name), { recursive: true, force: true });
    }
  }
  const own = join(root, `${machine}${process.pid}`);
  await mkdir(own);
  return own;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
