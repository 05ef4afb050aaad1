import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

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
  const cores = allowedCores();
  if (cores.length < 2) throw new Error('Wall time can only be measured with two cores or more.');
  const half = Math.floor(cores.length / 2);
  return { worker: cores.slice(0, half).join(), others: cores.slice(half).join() };
}

/** The numbers of the cores that this process may run on now: a container may have some of the machine's alone. */
export function allowedCores(): string[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  return coresIn(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '0');
}

/** Numbers of a list such as `0-2,5`. */
export function coresIn(list: string): string[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  });
}

/** Keeps this process to some cores until it is disposed of. */
export function keepSelfTo(cores: string): Disposable {
  const before = allowedCores().join();
  keepTo(cores, process.pid);
  return { [Symbol.dispose]: () => keepTo(before, process.pid) };
}

/** Keeps a process, its threads and all that it starts from now on to some cores. */
export function keepTo(cores: string, pid: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { stdio: 'ignore' });
}
