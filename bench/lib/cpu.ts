import { readFileSync } from 'node:fs';

/** Linux tells times in ticks of a hundredth of a second (proc(5), USER_HZ). */
const ticksPerSecond = 100;

/** CPU time, user and system, of all children that have ended, and of theirs. Linux only. */
export function endedChildrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // Fields after the command's name, which may hold spaces: cutime and cstime are the 16th and 17th of all.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** Runs `work`, whose child processes must have ended when it has. */
export async function measureChildren<T>(
  work: () => Promise<T>,
): Promise<{ result: T; cpuSeconds: number; wallSeconds: number }> {
  const cpu = endedChildrenCpuSeconds();
  const wall = performance.now();
  const result = await work();
  return {
    result,
    cpuSeconds: endedChildrenCpuSeconds() - cpu,
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
