import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Farm } from '../farm/farm.ts';
import { listJobs } from '../farm/jobs.ts';
import { readQueues } from '../farm/queues.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { sentence } from '../farm/sentence.ts';
import { readWorkers } from '../farm/workers.ts';
import { type Live, openLive } from '../text/live.ts';
import { styleFor } from '../text/style.ts';
import { oldestSeconds, openJobs, type WatchView, watchLines } from './view.ts';

const everyMs = 2000;

/** `farm watch`: the farm, live. */
export function watchCommand(): Command {
  return farmCommand('watch')
    .option('--once', 'look once, print, and end')
    .action((options: CommonOptions & { once?: true }) =>
      withFarm(options, async ({ farm, stop, say, answer }) => {
        // A program, a file or a pipe can't take lines back.
        if (options.once || options.json || !process.stdout.isTTY) {
          const view = await look(farm);
          for (const line of lines(view)) say(line);
          answer(told(view));
          return;
        }
        const live = openLive(process.stdout);
        try {
          await watch(farm, live, stop);
        } finally {
          live.clear();
        }
        stop.throwIfAborted();
      }),
    );
}

/** Until the signal. A farm that does not answer for a while is looked at again. */
async function watch(farm: Farm, live: Live, stop: AbortSignal): Promise<void> {
  let shown: string[] | undefined;
  while (!stop.aborted) {
    try {
      shown = lines(await look(farm));
      live.show(shown);
    } catch (error) {
      const why = sentence(error);
      // What was wrong from the start will not mend itself.
      if (why === undefined || shown === undefined) throw error;
      live.show([...shown, '', why]);
    }
    await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function look(farm: Farm): Promise<WatchView> {
  const [queues, jobs, workers] = await Promise.all([
    readQueues(farm),
    listJobs(farm),
    // Whoever may see the queues may not be allowed to see the cluster.
    readWorkers(farm).catch((error: unknown) => sentence(error) ?? String(error)),
  ]);
  return { bucket: farm.address.outputBucket, queues, jobs, workers, at: new Date() };
}

function lines(view: WatchView): string[] {
  const { stdout } = process;
  return watchLines(view, styleFor(stdout), stdout.columns || 100, stdout.rows || 40);
}

function told({ queues, workers, jobs, at }: WatchView) {
  return {
    queues,
    workers: typeof workers === 'string' ? null : (workers ?? null),
    oldestOpenSeconds: oldestSeconds(openJobs(jobs), at) ?? null,
    jobs,
  };
}
