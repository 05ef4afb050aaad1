import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Farm } from '../farm/farm.ts';
import { listJobs } from '../farm/jobs.ts';
import { readQueues } from '../farm/queues.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { openLive } from '../text/live.ts';
import { styleFor } from '../text/style.ts';
import { oldestSeconds, type WatchView, watchLines } from './view.ts';

const everyMs = 2000;

/** `farm watch`: the farm, live. */
export function watchCommand(): Command {
  return farmCommand('watch')
    .description('Watch the farm: what waits, what runs, what was given up. Ctrl-C ends it')
    .option('--once', 'look once, print, and end')
    .action((options: CommonOptions & { once?: true }) =>
      withFarm(options, async ({ farm, stop, say, answer }) => {
        const style = styleFor(process.stdout);
        const lines = (view: WatchView) =>
          watchLines(view, style, process.stdout.columns || 100, process.stdout.rows || 40);
        // A program, a file or a pipe can't take lines back.
        if (options.once || options.json || !process.stdout.isTTY) {
          const view = await look(farm);
          for (const line of lines(view)) say(line);
          const { queues, jobs, at } = view;
          const open = jobs.filter(({ state }) => state !== 'succeeded' && state !== 'failed');
          answer({ queues, oldestOpenSeconds: oldestSeconds(open, at) ?? null, jobs });
          return;
        }
        const live = openLive(process.stdout);
        try {
          while (!stop.aborted) {
            live.show(lines(await look(farm)));
            await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
          }
        } finally {
          live.clear();
        }
        stop.throwIfAborted();
      }),
    );
}

async function look(farm: Farm): Promise<WatchView> {
  const [queues, jobs] = await Promise.all([readQueues(farm), listJobs(farm)]);
  return { bucket: farm.address.outputBucket, queues, jobs, at: new Date() };
}
