import { stripVTControlCharacters } from 'node:util';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { laneFacts, type Queues, queueFacts } from '../farm/queues.ts';
import type { Workers } from '../farm/workers.ts';
import { jobTable } from '../jobs/table.ts';
import { clip, printable, type Style } from '../text/style.ts';
import { formatSeconds } from '../text/units.ts';

/** What `farm watch` knows at one moment. */
export interface WatchView {
  /** The stack, the file or the place of the farm. */
  farm: string;
  queues: Queues;
  /** Undefined where the outputs name no service; a sentence where the request failed. */
  workers: Workers | string | undefined;
  /** The most recently updated first. */
  jobs: readonly JobState[];
  at: Date;
}

/**
 * The lines of the view, at most `rows`.
 * @param isLive whether a key ends it
 */
export function watchLines(
  view: WatchView,
  style: Style,
  columns: number,
  rows: number,
  isLive = true,
): string[] {
  const open = openJobs(view.jobs);
  const over = view.jobs.filter((job) => !open.includes(job));
  const head = [
    `${style.bold('transcode-farm')}  ${clip(printable(view.farm), columns - 30)}  ${style.dim(view.at.toISOString().slice(11, 19))}`,
    ...queueLines(view.queues, style, columns),
    ...workerLines(view.workers, style, columns),
    ...labelled('oldest', [oldestText(view)], style, columns),
    '',
  ];
  // The header of the table, and the line of what does not fit.
  const room = Math.max(1, rows - head.length - 3);
  const all = [...open.toSorted(oldestFirst), ...over];
  const shown = all.slice(0, room);
  const rest = all.length - shown.length;
  const foot = [rest > 0 ? `+${rest} more` : '', isLive ? 'q quits' : ''].filter(Boolean).join(' · ');
  return [
    ...head,
    ...(shown.length === 0 ? [style.dim('No jobs yet.')] : jobTable(shown, style, columns, view.at)),
    ...(foot === '' ? [] : [style.dim(clip(foot, columns))]),
  ];
}

/** Running films keep their place while others start. */
function oldestFirst(a: JobState, b: JobState): number {
  return a.queuedAt.localeCompare(b.queuedAt) || a.id.localeCompare(b.id);
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

function queueLines(queues: Queues, style: Style, columns: number): string[] {
  const [queued, running, retrying, failed] = queueFacts(queues);
  const { parts } = queues;
  return [
    ...labelled(
      'jobs',
      [queued, running, retrying, queues.dead > 0 ? style.bad(failed) : failed],
      style,
      columns,
    ),
    ...laneFacts(queues).flatMap(([lane = '', ...facts]) => labelled(lane, facts, style, columns)),
    ...(parts
      ? labelled('helpers', [`${parts.waiting} requested`, `${parts.inFlight} helping`], style, columns)
      : []),
  ];
}

function workerLines(workers: WatchView['workers'], style: Style, columns: number): string[] {
  if (workers === undefined) return [];
  if (typeof workers === 'string')
    return labelled('workers', [clip(printable(workers), columns - 12)], style, columns);
  const { tasks, instances } = workers;
  const fleet = ({ wanted, starting, running }: Workers['tasks']) => [
    `${wanted} wanted`,
    `${starting} starting`,
    `${running} running`,
  ];
  return [
    ...labelled('workers', fleet(tasks), style, columns),
    ...(instances
      ? labelled('instances', [...fleet(instances), `${instances.stopping} stopping`], style, columns)
      : []),
  ];
}

/** Only jobs with a status have an age: the others are messages, which can't be read without receiving them. */
function oldestText({ jobs, queues, at }: WatchView): string {
  const oldest = oldestSeconds(openJobs(jobs), at);
  if (oldest !== undefined) return `job open for ${formatSeconds(oldest)}`;
  return queues.waiting > 0 ? 'no job has started' : 'no job is open';
}

/** Facts behind their label; in narrow terminals on as many lines as they take. */
function labelled(label: string, facts: readonly string[], style: Style, columns: number): string[] {
  const separator = style.dim('  ·  ');
  const lines: string[][] = [[]];
  const widthOf = (items: readonly string[]) => 11 + stripVTControlCharacters(items.join(separator)).length;
  for (const fact of facts) {
    const line = lines.at(-1) ?? [];
    if (line.length > 0 && widthOf([...line, fact]) > columns) lines.push([fact]);
    else line.push(fact);
  }
  return lines.map(
    (line, index) => `${style.dim((index === 0 ? label : '').padEnd(10))} ${line.join(separator)}`,
  );
}
