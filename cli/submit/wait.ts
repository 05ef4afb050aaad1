import { setTimeout as sleep } from 'node:timers/promises';
import type { JobState } from '../../worker/src/protocol/status.ts';
import type { Farm } from '../farm/farm.ts';
import { followJob, isOver } from '../follow.ts';
import { jobLine } from '../jobs/text.ts';
import { Stopped } from '../stop-signal.ts';
import { openLive } from '../text/live.ts';
import { styleFor } from '../text/style.ts';

/**
 * Follows jobs to their end. Progress goes to standard error, where that is a terminal.
 * @param since by the storage's clock: ends from before are those of an earlier request for the same film
 * @throws Stopped on Ctrl-C, after saying that the jobs go on
 */
export async function waitForJobs(
  farm: Farm,
  jobs: readonly { id: string }[],
  since: Date,
  stop: AbortSignal,
): Promise<JobState[]> {
  const live = openLive(process.stderr);
  const style = styleFor(process.stderr);
  const now = new Map<string, JobState>();
  const draw = () => {
    const lines = jobs.map(({ id }) => {
      const state = now.get(id);
      return state === undefined ? `waiting   ${id}` : jobLine(state, style, process.stderr.columns || 100);
    });
    live.show(lines);
  };
  draw();
  const follow = async (id: string) => {
    while (!stop.aborted) {
      for await (const state of followJob(
        farm.output,
        farm.address.outputBucket,
        `${farm.address.outputPrefix}${id}`,
        stop,
      )) {
        if (isOver(state) && new Date(state.updatedAt) < since) continue;
        now.set(id, state);
        draw();
      }
      const last = now.get(id);
      if (last && isOver(last)) return;
      // An end of earlier was met; the new request has not begun.
      await sleep(500, undefined, { signal: stop }).catch(() => undefined);
    }
  };
  await Promise.all(jobs.map(({ id }) => follow(id))).finally(() => live.clear());
  if (stop.aborted) {
    const ids = jobs.map(({ id }) => id);
    console.error(
      `Not waiting any longer; the farm goes on with it. See "farm status ${ids.at(0)}"${ids.length > 1 ? ' and the others of "farm jobs"' : ''}.`,
    );
    throw stop.reason instanceof Stopped ? stop.reason : new Stopped('SIGINT');
  }
  return jobs.flatMap(({ id }) => now.get(id) ?? []);
}
