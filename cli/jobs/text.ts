import { clipText } from '../../worker/src/protocol/clips.ts';
import type { Film, FilmRendition, JobState } from '../../worker/src/protocol/status.ts';
import { bar } from '../text/bar.ts';
import { clip, printable, type Style } from '../text/style.ts';
import { formatAge, formatBytes, formatSeconds, formatSpeed } from '../text/units.ts';

/** One job in a line, none longer than `columns`. */
export function jobLine(job: JobState, style: Style, columns = 100): string {
  const percent = job.state === 'succeeded' ? 100 : (job.progress?.percent ?? 0);
  const pace = [`${String(Math.floor(percent)).padStart(3)} %`, eta(job)].filter(Boolean).join('  ');
  const name = printable([job.id, job.title].filter(Boolean).join('  '));
  const before = 9 + 1 + pace.length + 2;
  const barWidth = columns < 60 ? 0 : 12;
  const shown = barWidth > 0 ? `${style.accent(bar(percent / 100, barWidth))} ` : '';
  const room = columns - before - (barWidth > 0 ? barWidth + 1 : 0);
  return `${stateWord(job, style)} ${shown}${pace}  ${clip(name, room)}`;
}

/** `files, 720p.webm 45 %` */
function stageOf({ state, stage, file }: JobState): string | undefined {
  if (state !== 'running') return undefined;
  return stage === 'files' && file ? `files, ${file.name} ${file.percent} %` : stage;
}

/** Everything a job's status says. */
export function jobLines(job: JobState, style: Style, now = new Date()): string[] {
  const { film, timings, progress } = job;
  const fact = (name: string, value: string | undefined) =>
    value ? [`  ${style.dim(name.padEnd(9))} ${printable(value)}`] : [];
  return [
    jobLine(job, style),
    ...fact('id', job.id),
    ...(job.sources ?? [{ source: job.source }]).flatMap((clip) => fact('source', clipText(clip))),
    ...fact('lane', job.options?.lane),
    ...fact('batch', job.batch && `${job.batch.id}, of ${job.batch.jobs} jobs`),
    ...fact('attempt', `${job.attempt} of ${job.maxAttempts}`),
    ...fact('stage', stageOf(job)),
    ...fact('speed', progress?.speed === undefined ? undefined : formatSpeed(progress.speed)),
    ...fact('error', job.error && `[${job.error.code}] ${job.error.message}`),
    ...fact(
      'film',
      film &&
        `${formatSeconds(film.durationSeconds)}, ${formatBytes(film.bytes)}, ${film.renditions.map(({ name }) => name).join(' ')}`,
    ),
    ...fact('early', job.early?.url ?? job.early?.playlist),
    ...fact('playlist', film?.url ?? film?.playlist),
    ...fact('encryption', film?.encryption),
    ...fact('manifest', film?.manifestUrl ?? film?.manifest),
    ...(film?.renditions ?? []).flatMap(({ name, loudness }) =>
      fact('loudness', loudness && `${name}: ${loudnessText(loudness)}`),
    ),
    ...fact('measured', film?.measured && measuredText(film.measured)),
    ...fact('subtitles', film?.subtitles?.map(({ label }) => label).join(', ')),
    ...(film?.files ?? []).flatMap((file) =>
      fact('file', `${file.name}, ${formatBytes(file.bytes)}, ${file.url ?? file.key}`),
    ),
    ...fact(
      'timings',
      Object.entries({
        waited: timings.waitSeconds,
        probed: timings.probeSeconds,
        encoded: timings.encodeSeconds,
        total: timings.totalSeconds,
      })
        .flatMap(([name, seconds]) => (seconds === undefined ? [] : [`${name} ${formatSeconds(seconds)}`]))
        .join(', '),
    ),
    ...job.warnings.flatMap((warning) => fact('warning', warning)),
    ...fact('queued', ago(job.queuedAt, now)),
    ...fact('updated', ago(job.updatedAt, now)),
  ];
}

function loudnessText({ integratedLufs, truePeakDbtp }: NonNullable<FilmRendition['loudness']>): string {
  if (integratedLufs === undefined) return 'silent';
  return `${integratedLufs.toFixed(1)} LUFS, peaks of ${truePeakDbtp.toFixed(1)} dBTP`;
}

function measuredText({ metric, rendition, mean, fifthPercentile }: NonNullable<Film['measured']>): string {
  const digits = metric === 'ssim' ? 4 : 1;
  return `${metric.toUpperCase()} ${mean.toFixed(digits)} of ${rendition}, a twentieth of the frames below ${fifthPercentile.toFixed(digits)}`;
}

function ago(time: string, now: Date): string {
  const age = formatAge((now.getTime() - Date.parse(time)) / 1000);
  return age === 'now' ? age : `${age} ago`;
}

function stateWord({ state }: JobState, style: Style): string {
  const word = state.padEnd(9);
  if (state === 'succeeded') return style.good(word);
  return state === 'failed' ? style.bad(word) : style.bold(word);
}

function eta({ state, progress }: JobState): string {
  if (state !== 'running' || progress?.etaSeconds === undefined) return '';
  return `${formatSeconds(progress.etaSeconds)} to go`;
}
