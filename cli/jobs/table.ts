import { type Lane, laneOf } from '../../worker/src/protocol/lanes.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { clip, printable, type Style } from '../text/style.ts';
import { formatAge, formatSeconds } from '../text/units.ts';

/** What a list of jobs shows of one: also the columns for programs. */
export interface JobRow {
  state: JobState['state'];
  id: string;
  /** As the job names it. */
  lane: Lane;
  /** Its title, or the name of its source. */
  film: string;
  /** Since it was queued. */
  age: string;
  /** In the farm: so far, or until its end. */
  time: string;
  /** How far it is, or why it failed. */
  result: string;
}

export function jobRow(job: JobState, now: Date): JobRow {
  const { state, progress, error, film, timings } = job;
  const secondsSince = (time: string) => Math.max(0, (now.getTime() - Date.parse(time)) / 1000);
  const isOver = state === 'succeeded' || state === 'failed';
  const running = [
    `${Math.floor(progress?.percent ?? 0)} %`,
    progress?.etaSeconds === undefined ? '' : `${formatSeconds(progress.etaSeconds)} left`,
    job.early ? 'playable' : '',
  ];
  const results: Record<JobState['state'], string> = {
    queued: '',
    running: running.filter(Boolean).join(', '),
    retrying: `attempt ${job.attempt} of ${job.maxAttempts} failed: ${reason(error)}`,
    succeeded: (film?.renditions ?? []).map(({ name }) => name).join(' '),
    failed: reason(error),
  };
  return {
    state,
    id: job.id,
    lane: laneOf(job),
    film: printable(job.title ?? filmName(job)),
    age: formatAge(secondsSince(job.queuedAt)),
    time: formatSeconds(isOver ? (timings.totalSeconds ?? 0) : secondsSince(job.queuedAt)),
    result: printable(results[state]),
  };
}

/** `intro.mov + 2 clips`. Uploads that make no job by themselves have `.film` behind their names. */
function filmName({ source, sources = [] }: JobState): string {
  const more = Math.max(0, sources.length - 1);
  const clips = more === 0 ? '' : ` + ${more} ${more === 1 ? 'clip' : 'clips'}`;
  return `${(source.split('/').at(-1) ?? source).replace(/\.film$/, '')}${clips}`;
}

function reason(error: JobState['error']): string {
  return error ? `[${error.code}] ${error.message}` : '';
}

const heads: Record<keyof JobRow, string> = {
  state: 'STATE',
  id: 'JOB',
  lane: 'LANE',
  film: 'FILM',
  age: 'AGE',
  time: 'TIME',
  result: 'RESULT',
};

/** A table with a header, no line longer than `columns`. Narrow terminals see fewer columns. */
export function jobTable(jobs: readonly JobState[], style: Style, columns: number, now: Date): string[] {
  const rows = jobs.map((job) => jobRow(job, now));
  // Only where a job is in another lane than the usual one.
  const laneColumn = rows.some(({ lane }) => lane !== 'normal') ? (['lane'] as const) : [];
  const shown: (keyof JobRow)[] =
    columns < 60
      ? ['state', 'id']
      : columns < 90
        ? ['state', 'id', 'age', 'result']
        : ['state', 'id', ...laneColumn, 'film', 'age', 'time', 'result'];
  const widest = { id: columns < 60 ? columns - 11 : 30, film: 24 } as Partial<Record<keyof JobRow, number>>;
  const widths = shown.map((column) =>
    Math.min(
      widest[column] ?? Number.POSITIVE_INFINITY,
      Math.max(heads[column].length, ...rows.map((row) => row[column].length)),
    ),
  );
  const line = (row: Record<keyof JobRow, string>) => {
    const cells = shown.map((column, index) =>
      clip(row[column], widths[index] ?? 0).padEnd(widths[index] ?? 0),
    );
    return clip(cells.join('  ').trimEnd(), columns);
  };
  const paint = { succeeded: style.good, failed: style.bad, running: style.accent } as Partial<
    Record<JobState['state'], (text: string) => string>
  >;
  return [
    style.dim(line(heads)),
    ...rows.map((row) => {
      const text = line(row);
      const painted = (paint[row.state] ?? style.bold)(row.state);
      return painted + text.slice(row.state.length);
    }),
  ];
}

/** One job a line, its fields separated by tabs, the id first: for "cut", "awk" and shells. */
export function jobFields(job: JobState, now: Date): string {
  const { id, state, film, age, time, result } = jobRow(job, now);
  return [id, state, film, age, time, result].map((field) => field.replace(/[\t\n]/g, ' ')).join('\t');
}
