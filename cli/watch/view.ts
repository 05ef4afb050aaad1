import type { JobState } from '../../worker/src/protocol/status.ts';
import type { Queues } from '../farm/queues.ts';
import type { Workers } from '../farm/workers.ts';
import { clip, jobLine } from '../jobs/text.ts';
import { printable, type Style } from '../text/style.ts';
import { formatSeconds } from '../text/units.ts';

/** What `farm watch` knows at one moment. */
export interface WatchView {
  bucket: string;
  queues: Queues;
  /** Undefined where nobody can tell; a sentence where asking failed. */
  workers: Workers | string | undefined;
  /** The latest told first. */
  jobs: readonly JobState[];
  at: Date;
}

/** The lines of the live view, for so many rows. */
export function watchLines(view: WatchView, style: Style, columns: number, rows: number): string[] {
  const open = openJobs(view.jobs);
  const over = view.jobs.filter((job) => !open.includes(job));
  const head = [
    `${style.bold('transcode-farm')}  ${clip(printable(view.bucket), columns - 30)}  ${style.dim(view.at.toISOString().slice(11, 19))}`,
    ...queueLines(view.queues, style),
    ...workerLines(view.workers, style, columns),
    labelled('oldest', [oldestText(view)], style),
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

export function openJobs(jobs: readonly JobState[]): JobState[] {
  return jobs.filter(({ state }) => state !== 'succeeded' && state !== 'failed');
}

/** How long the oldest of the jobs has been in the farm. */
export function oldestSeconds(jobs: readonly JobState[], at: Date): number | undefined {
  if (jobs.length === 0) return undefined;
  const first = Math.min(...jobs.map(({ queuedAt }) => new Date(queuedAt).getTime()));
  return Math.max(0, (at.getTime() - first) / 1000);
}

function queueLines(queues: Queues, style: Style): string[] {
  const dead = `${queues.dead} given up`;
  const { parts } = queues;
  return [
    labelled(
      'jobs',
      [
        `${queues.waiting} waiting`,
        `${queues.inFlight} in flight`,
        `${queues.delayed} to be tried again`,
        queues.dead > 0 ? style.bad(dead) : dead,
      ],
      style,
    ),
    ...(parts ? [labelled('help', [`${parts.waiting} waiting`, `${parts.inFlight} in flight`], style)] : []),
  ];
}

function workerLines(workers: WatchView['workers'], style: Style, columns: number): string[] {
  if (workers === undefined) return [];
  if (typeof workers === 'string')
    return [labelled('workers', [clip(printable(workers), columns - 12)], style)];
  const { tasks, instances } = workers;
  const fleet = ({ wanted, starting, running }: Workers['tasks']) => [
    `${wanted} wanted`,
    `${starting} starting`,
    `${running} running`,
  ];
  return [
    labelled('workers', fleet(tasks), style),
    ...(instances
      ? [labelled('instances', [...fleet(instances), `${instances.stopping} stopping`], style)]
      : []),
  ];
}

/** Only jobs that have told a state have an age: those that wait are messages in a queue that can't be read. */
function oldestText({ jobs, queues, at }: WatchView): string {
  const oldest = oldestSeconds(openJobs(jobs), at);
  if (oldest !== undefined) return `job open for ${formatSeconds(oldest)}`;
  return queues.waiting > 0 ? 'none has begun' : 'no job open';
}

function labelled(label: string, facts: readonly string[], style: Style): string {
  return `${style.dim(label.padEnd(10))} ${facts.join(style.dim('  ·  '))}`;
}
