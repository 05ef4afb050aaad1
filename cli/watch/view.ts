import type { JobState } from '../../worker/src/report/state.ts';
import type { Queues } from '../farm/queues.ts';
import { clip, jobLine } from '../jobs/text.ts';
import { printable, type Style } from '../text/style.ts';
import { formatSeconds } from '../text/units.ts';

/** What `farm watch` knows at one moment. */
export interface WatchView {
  bucket: string;
  queues: Queues;
  /** The latest told first. */
  jobs: readonly JobState[];
  at: Date;
}

/** The lines of the live view, for so many rows. */
export function watchLines(view: WatchView, style: Style, columns: number, rows: number): string[] {
  const { queues } = view;
  const open = view.jobs.filter(({ state }) => state !== 'succeeded' && state !== 'failed');
  const over = view.jobs.filter((job) => !open.includes(job));
  const oldest = oldestSeconds(open, view.at);
  const dead = `${queues.dead} given up`;
  const head = [
    `${style.bold('transcode-farm')}  ${clip(printable(view.bucket), columns - 30)}  ${style.dim(view.at.toISOString().slice(11, 19))}`,
    [
      `${queues.waiting} waiting`,
      `${queues.inFlight} in flight`,
      `${queues.delayed} to be tried again`,
      queues.dead > 0 ? style.bad(dead) : dead,
    ].join(style.dim('  ·  ')),
    oldest === undefined ? 'no job open' : `oldest open job ${formatSeconds(oldest)}`,
    '',
  ];
  const room = Math.max(1, rows - head.length - 3);
  const shown = [...open, ...over].slice(0, room);
  const rest = view.jobs.length - shown.length;
  return [
    ...head,
    ...(shown.length === 0 ? [style.dim('No job has told anything yet.')] : []),
    ...shown.map((job) => jobLine(job, style, columns)),
    ...(rest > 0 ? [style.dim(`and ${rest} more: "farm jobs --limit ${view.jobs.length}"`)] : []),
  ];
}

/** How long the oldest of the jobs has been in the farm. */
export function oldestSeconds(jobs: readonly JobState[], at: Date): number | undefined {
  if (jobs.length === 0) return undefined;
  const first = Math.min(...jobs.map(({ queuedAt }) => new Date(queuedAt).getTime()));
  return Math.max(0, (at.getTime() - first) / 1000);
}
