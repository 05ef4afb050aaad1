import type { FilmRendition, JobState, Timings } from '../../worker/src/report/state.ts';
import { bar } from '../text/bar.ts';
import { printable, type Style } from '../text/style.ts';
import { formatBitrate, formatBytes, formatSeconds, formatSpeed } from '../text/units.ts';

/** What is told at the end of a job that succeeded. */
export function summary(job: JobState, style: Style): string[] {
  const film = job.film;
  if (!film) return [`Job ${job.id} is done.`];
  const total = job.timings.totalSeconds;
  const work = total === undefined ? '' : ` in ${formatSeconds(total)}`;
  const speed = job.timings.speed === undefined ? '' : `, ${formatSpeed(job.timings.speed)}`;
  return [
    `${style.good('Done.')} ${style.bold(`${formatSeconds(film.durationSeconds)} of film${work}${speed}`)} ${style.dim(`(${film.encoder})`)}`,
    '',
    ...timeTable(job.timings, style),
    '',
    ...renditionTable(film.renditions, style),
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

function timeTable(timings: Timings, style: Style): string[] {
  const rows = stageSeconds(timings);
  const longest = Math.max(...rows.map((row) => row.seconds), 0.001);
  return rows.map(({ stage, seconds }) => {
    const note = stage === 'publishing' ? style.dim('  after the last frame') : '';
    return `${stage.padEnd(11)}${formatSeconds(seconds).padStart(9)}  ${style.accent(bar(seconds / longest, 24, ' ').trimEnd())}${note}`;
  });
}

function renditionTable(renditions: readonly FilmRendition[], style: Style): string[] {
  const head = ['rendition', 'picture', 'codecs', 'average', 'peak', 'segments', 'size'];
  const rows = renditions.map((rendition) => [
    rendition.name,
    rendition.kind === 'audio' ? 'sound' : `${rendition.width}×${rendition.height}`,
    rendition.codecs,
    formatBitrate(rendition.averageBandwidth),
    formatBitrate(rendition.bandwidth),
    String(rendition.segments),
    formatBytes(rendition.bytes),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) =>
        column < 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ');
  return [style.dim(line(head)), ...rows.map(line)];
}
