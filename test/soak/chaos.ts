import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerProcess } from '../../cli/local-farm/worker.ts';
import type { FaultFarm } from '../helpers/local-farm/fault-farm.ts';
import type { Fault, FaultProxy } from '../helpers/local-farm/fault-proxy.ts';
import { openFilesOf } from '../helpers/local-farm/processes.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';

export interface Chaos {
  /** Nothing goes wrong from here on. @returns what did */
  end(): Promise<{ workersKilled: number; workersStopped: number; workersHeldUp: number; outages: number }>;
  /** Of each worker that runs. */
  openFiles(): Promise<string>;
  /** Ends all workers. */
  stop(): Promise<void>;
}

/** Keeps so many workers running, and loses them, holds them up and breaks what they talk to. */
export function startChaos(
  farm: FaultFarm,
  options: { kill: number; workers: number },
  random: () => number,
): Chaos {
  const counts = { workersKilled: 0, workersStopped: 0, workersHeldUp: 0, outages: 0 };
  const workers = new Set<WorkerProcess>();
  const checked = new Set<string>();
  const over = new AbortController();
  let stopping = false;

  const keep = () => {
    while (!stopping && workers.size < options.workers) {
      const worker = farm.startWorker();
      workers.add(worker);
      void worker.exited.then(() => {
        workers.delete(worker);
        keep();
      });
    }
  };

  /** Each job is looked at once, when it begins; its worker is lost at some moment of the next two seconds. */
  const strike = async () => {
    while (!over.signal.aborted) {
      for (const worker of workers) {
        const job = currentJob(worker);
        if (job === undefined || checked.has(job)) continue;
        checked.add(job);
        if (random() < options.kill) void lose(worker, random() * 2000, random());
      }
      await sleep(50);
    }
  };

  const lose = async (worker: WorkerProcess, afterMs: number, how: number) => {
    await sleep(afterMs);
    if (over.signal.aborted) return;
    if (how < 0.5) {
      counts.workersKilled += 1;
      worker.kill('SIGKILL');
    } else if (how < 0.8) {
      counts.workersStopped += 1;
      worker.kill('SIGTERM');
    } else {
      counts.workersHeldUp += 1;
      worker.kill('SIGSTOP');
      // Longer than its message is hidden.
      await sleep(5000);
      worker.kill('SIGCONT');
    }
  };

  const breakThings = async () => {
    while (!over.signal.aborted) {
      await sleep(3000 + random() * 7000, undefined, { signal: over.signal }).catch(() => {});
      if (over.signal.aborted) return;
      counts.outages += 1;
      const proxy = random() < 0.6 ? farm.s3 : farm.sqs;
      await outage(proxy, random);
    }
  };

  keep();
  const all = Promise.all([strike(), breakThings()]);
  return {
    async end() {
      over.abort();
      await all;
      for (const worker of workers) worker.kill('SIGCONT');
      return counts;
    },
    async openFiles() {
      return (await Promise.all([...workers].map(openFilesOf))).join(', ');
    },
    async stop() {
      stopping = true;
      await Promise.all([...workers].map((worker) => worker.stop(12)));
    },
  };
}

async function outage(proxy: FaultProxy, random: () => number): Promise<void> {
  const faults: Fault[] = [
    { kind: 'cut' },
    { kind: 'hang' },
    { kind: 'status', status: 503, code: 'SlowDown' },
    { kind: 'reset', afterBytes: 100 },
  ];
  const fault = faults[Math.floor(random() * faults.length)] as Fault;
  await proxy.injectFor(0.5 + random() * 2, fault, { share: 0.3 + random() * 0.7 });
}

/** The job that a worker's log speaks of last, if that has not ended. */
function currentJob(worker: WorkerProcess): string | undefined {
  const last = logLines(worker.log.slice(-20)).findLast(({ msg }) =>
    /^job (started|succeeded|failed|interrupted)/.test(msg),
  );
  return last?.msg === 'job started' ? String(last.job) : undefined;
}
