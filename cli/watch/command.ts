import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { farmOrigin } from '../farm/address.ts';
import type { Farm } from '../farm/farm.ts';
import { listJobs } from '../farm/jobs.ts';
import { readQueues } from '../farm/queues.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { sentence } from '../farm/sentence.ts';
import { readWorkers } from '../farm/workers.ts';
import { type Live, openLive } from '../text/live.ts';
import { quitKey } from '../text/quit-key.ts';
import { styleFor } from '../text/style.ts';
import { terminalColumns } from '../text/wrap.ts';
import { oldestSeconds, openJobs, type WatchView, watchLines } from './view.ts';

const everyMs = 2000;

/** `farm watch`: the farm, live. */
export function watchCommand(): Command {
  return farmCommand('watch')
    .option('--once', 'print the current state and exit')
    .action((options: CommonOptions & { once?: true }) =>
      withFarm(options, async ({ farm, stop, say, answer }) => {
        // A program, a file or a pipe can't take lines back.
        if (options.once || options.json || !process.stdout.isTTY) {
          const view = await look(farm, nameOf(options));
          for (const line of lines(view, false)) say(line);
          answer(snapshot(view));
          return;
        }
        const live = openLive(process.stdout);
        const quit = quitKey(process.stdin);
        try {
          await watch(farm, nameOf(options), live, AbortSignal.any([stop, quit.signal]));
        } finally {
          quit.close();
          live.clear();
        }
        stop.throwIfAborted();
      }),
    );
}

/** Until the signal. A farm that does not answer for a while is asked again. */
async function watch(farm: Farm, name: string, live: Live, stop: AbortSignal): Promise<void> {
  let shown: string[] | undefined;
  while (!stop.aborted) {
    try {
      shown = lines(await look(farm, name), true);
      live.show(shown);
    } catch (error) {
      const why = sentence(error);
      // A failure at the start is not temporary.
      if (why === undefined || shown === undefined) throw error;
      live.show([...shown, '', why]);
    }
    await sleep(everyMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function look(farm: Farm, name: string): Promise<WatchView> {
  const [queues, jobs, workers] = await Promise.all([
    readQueues(farm),
    listJobs(farm),
    // A user may be allowed to read the queues and not the cluster.
    readWorkers(farm).catch((error: unknown) => sentence(error) ?? String(error)),
  ]);
  return { farm: name, queues, jobs, workers, at: new Date() };
}

function nameOf(options: CommonOptions): string {
  const { by, value } = farmOrigin(options);
  return by === 'local' ? 'on this machine' : value;
}

function lines(view: WatchView, isLive: boolean): string[] {
  const { stdout } = process;
  const columns = terminalColumns(stdout) ?? Number.POSITIVE_INFINITY;
  return watchLines(view, styleFor(stdout), columns, stdout.rows || 40, isLive);
}

function snapshot({ queues, workers, jobs, at }: WatchView) {
  return {
    queues,
    workers: typeof workers === 'string' ? null : (workers ?? null),
    oldestOpenSeconds: oldestSeconds(openJobs(jobs), at) ?? null,
    jobs,
  };
}
