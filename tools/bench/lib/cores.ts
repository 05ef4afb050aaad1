import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/**
 * Queue, storage and network are emulated by this very process; in the cloud they are other machines. So where wall time
 * is measured, half of the cores are the worker's and the other half ours. Needs `taskset` of util-linux.
 */
export interface Cores {
  /** For `taskset`: whose encoding is measured. */
  worker: string;
  /** For everything else. */
  others: string;
}

/** @throws Error on a machine with one core */
export function divideCores(): Cores {
  const count = availableParallelism();
  if (count < 2) throw new Error('Wall time can only be measured with two cores or more.');
  const half = Math.floor(count / 2);
  return { worker: `0-${half - 1}`, others: `${half}-${count - 1}` };
}

/** Keeps a process, its threads and all that it starts from now on to some cores. */
export function keepTo(cores: string, pid: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { stdio: 'ignore' });
}
