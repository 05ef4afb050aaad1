import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Files, at any depth. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Processes whose working directory is below the folder. */
export async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const cwds = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, n) => cwds[n]?.startsWith(folder)).map(Number);
}

/** Files and sockets that a process holds. */
export async function openFilesOf({ pid }: { pid: number }): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
}
