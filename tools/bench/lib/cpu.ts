import { readFileSync } from 'node:fs';

/** Linux counts times in ticks of a hundredth of a second (proc(5), USER_HZ). */
const ticksPerSecond = 100;

export interface CpuTime {
  /** User and system time of the process itself. */
  ownSeconds: number;
  /** Of all children that have ended, and of theirs. */
  childrenSeconds: number;
}

/** CPU time of a process so far. Linux only. */
export function cpuOf(pid: number | 'self'): CpuTime {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Fields after the command's name, which may hold spaces: utime, stime, cutime and cstime are the 14th to 17th of all.
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return {
    ownSeconds: (user + system) / ticksPerSecond,
    childrenSeconds: (childUser + childSystem) / ticksPerSecond,
  };
}

/** Runs `work`, whose child processes must have ended when it has. */
export async function measureChildren<T>(
  work: () => Promise<T>,
): Promise<{ result: T; cpuSeconds: number; wallSeconds: number }> {
  const cpu = cpuOf('self').childrenSeconds;
  const wall = performance.now();
  const result = await work();
  return {
    result,
    cpuSeconds: cpuOf('self').childrenSeconds - cpu,
    wallSeconds: (performance.now() - wall) / 1000,
  };
}

/** Resident memory of a process in bytes, now and at its highest. */
export function memoryOf(pid: number): { nowBytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { nowBytes: kibibytes('VmRSS') * 1024, peakBytes: kibibytes('VmHWM') * 1024 };
}
