import { readFileSync } from 'node:fs';

/** Linux enforces CPU limits over periods of 100 ms (cpu.cfs_period_us), and so do containers. */
const periodMs = 100;
const lookEveryMs = 5;

/** CPU time of all threads of a process so far, in nanoseconds (Documentation/scheduler/sched-stats.rst). */
function cpuNanoseconds(pid: number): number {
  const [ran = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(ran);
}

export interface CpuBudget extends Disposable {
  /** CPU seconds since the start. */
  usedSeconds(): number;
  /** Seconds for which it was held. */
  heldSeconds(): number;
}

/**
 * Gives a process so many CPUs, as a container's limit does, without the rights that control groups need: what has used up its
 * share of a period is stopped until the next. Unused shares are lost, but for one period's.
 * Counts the main thread, which does nearly all of a Node server's work.
 */
export function limitCpu(pid: number, cpus: number): CpuBudget {
  const begun = cpuNanoseconds(pid);
  const burstMs = cpus * periodMs;
  let [at, before, left] = [performance.now(), begun, burstMs];
  let isHeld = false;
  let heldMs = 0;
  const timer = setInterval(() => {
    const [now, used] = [performance.now(), cpuNanoseconds(pid)];
    if (isHeld) heldMs += now - at;
    left = Math.min(burstMs, left + (now - at) * cpus - (used - before) / 1e6);
    [at, before] = [now, used];
    if (left < 0 === isHeld) return;
    isHeld = left < 0;
    process.kill(pid, isHeld ? 'SIGSTOP' : 'SIGCONT');
  }, lookEveryMs);
  return {
    usedSeconds: () => (cpuNanoseconds(pid) - begun) / 1e9,
    heldSeconds: () => heldMs / 1000,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (isHeld) process.kill(pid, 'SIGCONT');
    },
  };
}
