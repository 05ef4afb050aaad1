import type { FilmRendition, JobState, Timings } from '../../worker/src/protocol/status.ts';
import { bar } from '../text/bar.ts';
import { printable, type Style } from '../text/style.ts';
import { textTable } from '../text/table.ts';
import { formatBitrate, formatBytes, formatSeconds, formatSpeed } from '../text/units.ts';
import { countParts } from './block.ts';
import type { DemoView } from './view.ts';

/**
 * What the demo prints when its job has succeeded.
 * @param killed index of the worker that was killed on the way
 */
export function summary(
  job: JobState,
  workerParts: DemoView['workerParts'],
  style: Style,
  columns = 100,
  killed?: number,
): string[] {
  const film = job.film;
  if (!film) return [`Job ${job.id} is done.`];
  const total = job.timings.totalSeconds;
  const work = total === undefined ? '' : ` in ${formatSeconds(total)}`;
  const speed = job.timings.speed === undefined ? '' : `, ${formatSpeed(job.timings.speed)}`;
  const makers = [film.encoder, ...(workerParts.length > 1 ? [howMany(workerParts)] : [])].join(', ');
  return [
    `${style.good('Done.')} ${style.bold(`${formatSeconds(film.durationSeconds)} of film${work}${speed}`)} ${style.dim(`(${makers})`)}`,
    '',
    ...timeTable(job.timings, style, barWidth(columns)),
    '',
    ...(workerParts.length > 1 ? [...workerTable(workerParts, style, barWidth(columns), killed), ''] : []),
    ...renditionTable(film.renditions, style, columns),
    ...(film.files ?? []).map(({ name, bytes }) => `file ${name}, ${formatBytes(bytes)}`),
    ...job.warnings.map((warning) => `Note: ${printable(warning)}`),
  ];
}

/** Seconds of each stage, in the order in which a job meets them. */
export function stageSeconds(timings: Timings): { stage: string; seconds: number }[] {
  return [
    { stage: 'waiting', seconds: timings.waitSeconds },
    { stage: 'probing', seconds: timings.probeSeconds },
    { stage: 'encoding', seconds: timings.encodeSeconds },
    { stage: 'publishing', seconds: timings.publishSeconds },
  ].flatMap(({ stage, seconds }) => (seconds === undefined ? [] : [{ stage, seconds }]));
}

/** Beside a label and a figure. */
function barWidth(columns: number): number {
  return Math.min(24, columns - 23);
}

function timeTable(timings: Timings, style: Style, width: number): string[] {
  const rows = stageSeconds(timings);
  const longest = Math.max(...rows.map((row) => row.seconds), 0.001);
  return rows.map(({ stage, seconds }) => {
    const note = stage === 'publishing' ? style.dim('  after the last frame') : '';
    const length = bar(seconds / longest, width, ' ').trimEnd();
    return `${stage.padEnd(11)}${formatSeconds(seconds).padStart(9)}  ${style.accent(length)}${note}`.trimEnd();
  });
}

/** Of those that were started, some may have come too late to make anything. */
function howMany(workerParts: DemoView['workerParts']): string {
  const busy = workerParts.filter((parts) => parts.length > 0).length;
  return busy === workerParts.length ? `${busy} workers` : `${busy} of ${workerParts.length} workers`;
}

function workerTable(
  workerParts: DemoView['workerParts'],
  style: Style,
  width: number,
  killed: number | undefined,
): string[] {
  const most = Math.max(1, ...workerParts.map((parts) => parts.length));
  return workerParts.map(({ length }, index) => {
    const isKilled = index === killed;
    const nothing = isKilled ? '' : style.dim('nothing was left for it');
    const made = length > 0 ? style.accent(bar(length / most, width, ' ').trimEnd()) : nothing;
    const end = isKilled ? style.dim('killed in the middle of the film') : '';
    const row = [`worker ${index + 1}`.padEnd(11) + countParts(length).padStart(9), made, end];
    return row.filter(Boolean).join('  ');
  });
}

function renditionTable(renditions: readonly FilmRendition[], style: Style, columns: number): string[] {
  const rows = renditions.map((rendition) => [
    rendition.name,
    rendition.kind === 'audio' ? 'sound' : `${rendition.width}×${rendition.height}`,
    rendition.codecs,
    formatBitrate(rendition.averageBandwidth),
    formatBitrate(rendition.bandwidth),
    String(rendition.segments),
    formatBytes(rendition.bytes),
  ]);
  return textTable(
    [
      { head: 'rendition' },
      { head: 'picture', spare: 1 },
      { head: 'codecs', spare: 4 },
      { head: 'average', isRight: true },
      { head: 'peak', isRight: true, spare: 2 },
      { head: 'segments', isRight: true, spare: 3 },
      { head: 'size', isRight: true },
    ],
    rows,
    style,
    columns,
  );
}
