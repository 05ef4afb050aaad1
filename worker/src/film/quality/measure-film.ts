import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { overlayFiles, overlayFolder } from '../../encode/draw.ts';
import { poolScores } from '../../encode/measure-log.ts';
import { chooseSamples, type Measured, measuredWarnings, type Sample } from '../../plan/measure.ts';
import type { Plan } from '../../plan/plan.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../../protocol/job-folder.ts';
import type { PartRecord } from '../../protocol/part-record.ts';
import type { Film } from '../../protocol/status.ts';
import { publishedFilm, saveFilm } from '../../publish/film-record.ts';
import { initSegmentName, segmentName } from '../../publish/media-playlist.ts';
import { readRecords } from '../../publish/records.ts';
import type { SourceServers } from '../../source/servers.ts';
import { holdFilesLease } from '../after/files-lease.ts';
import { openPlanned, type PlannedSources } from '../after/open-planned.ts';
import { type PublishedReader, withPublished } from '../after/read-published.ts';
import type { FilmOutcome, Measuring, TranscodeRun } from '../film.ts';
import { withSourceServers } from '../open-source.ts';
import { prepareDrawing } from '../prepare-drawing.ts';
import { compareWithSource } from './compare.ts';

export function wantsMeasuring(
  { options }: Pick<QueuedJob, 'options'>,
  settings: Pick<TranscodeRun['settings'], 'measure'>,
): boolean {
  return (options?.measure ?? settings.measure) !== 'off' && options?.addToFilm === undefined;
}

/** What an invocation must have left. The samples take as long as seconds of encoding do; the next invocation would have no more time. */
const invocationSeconds = 120;

/**
 * Compares a sample of a published film with its source, where that is asked for. It comes after the commit, so no viewer waits for it,
 * and a film that could not be measured is none the worse: a warning says why. The figure is recorded with the film, so a worker that
 * takes over does not measure again.
 * @returns `atCapacity` while another worker is at it
 */
export async function measureFilm(job: QueuedJob, film: Film, run: TranscodeRun): Promise<FilmOutcome> {
  const { settings, report, log, signal } = run;
  if (!wantsMeasuring(job, settings)) return { kind: 'published', film };
  const minVmaf = job.options?.minVmaf ?? settings.minVmaf;
  if (film.measured) {
    report.addWarnings(measuredWarnings(film.measured, minVmaf));
    return { kind: 'published', film };
  }
  const outcome = await holdFilesLease(folderOf(job, film, run), run, async (measuring): Promise<Film> => {
    await report.setReporting('reporting');
    if (report.state().stage !== 'files') await report.move({ to: 'published', film });
    const startedAt = performance.now();
    try {
      const measured = await measure(job, film, measuring);
      if (typeof measured === 'string') {
        report.addWarnings([`the film was not measured: ${measured}`]);
        return film;
      }
      log.info({ ...measured, tookSeconds: (performance.now() - startedAt) / 1000 }, 'film measured');
      report.addWarnings(measuredWarnings(measured, minVmaf));
      const folder = folderOf(job, film, run);
      // As it is now: subtitles may have been changed before this worker had the lease.
      const committed = await publishedFilm(run.stores.output, folder.job, measuring.signal);
      const now = committed?.plan === film.plan ? { ...committed, files: film.files } : film;
      const { files, ...recorded } = now;
      await saveFilm(run.stores.output, folder, { ...recorded, measured }, measuring.signal);
      return { ...now, measured };
    } catch (error) {
      measuring.signal.throwIfAborted();
      log.warn({ err: error }, 'could not measure the film');
      report.addWarnings([`the film was not measured: ${(error as Error).message}`]);
      return film;
    }
  });
  signal.throwIfAborted();
  return outcome === undefined ? { kind: 'atCapacity' } : { kind: 'published', film: outcome };
}

/** @returns why it can't be measured, or what came out */
async function measure(job: QueuedJob, film: Film, run: TranscodeRun): Promise<Measured | string> {
  if (run.invocation?.mayWait(invocationSeconds) === false)
    return `its function has less than ${invocationSeconds} s left`;
  if (film.encryption !== undefined) return 'its segments are encrypted';
  const measuring = run.measuring?.();
  if (measuring === undefined) return "the worker's ffmpeg has no filter for it";
  const folder = folderOf(job, film, run);
  const open = await openPlanned(job, film, folder, run);
  if (typeof open === 'string') return `${open}; send its job again with "force"`;
  const [rendition] = open.plan.video?.renditions ?? [];
  if (rendition === undefined) return 'it has no picture';
  const records = await readRecords(run.stores.output, folder, open.plan, run.signal);
  const samples = chooseSamples(stretchesOf(open.plan, rendition.name, records));
  const scores: number[] = [];
  await eachSample(rendition.name, open, folder, run, async (inputs) => {
    for (const sample of samples) scores.push(...(await scoresOf(sample, inputs, measuring, run)));
  });
  const seconds = samples.reduce((sum, sample) => sum + sample.seconds, 0);
  const { metric } = measuring;
  return {
    metric,
    rendition: rendition.name,
    ...rounded(poolScores(scores)),
    frames: scores.length,
    seconds,
  };
}

/** Crossfades are left out: such a part is of two clips. */
function stretchesOf(plan: Plan, name: string, records: readonly PartRecord[]): Sample[] {
  const whole = new Set(
    plan.parts.flatMap((part) => (part.kind === 'video' && part.into === undefined ? [part.index] : [])),
  );
  return records
    .filter(({ part }) => whole.has(part))
    .flatMap(({ part, renditions }) =>
      (renditions.find((each) => each.name === name)?.segments ?? []).map(
        (segment, _, [first = segment]) => ({
          number: segment.number,
          part,
          beforeSeconds: segment.startSeconds - first.startSeconds,
          startSeconds: segment.startSeconds,
          seconds: segment.durationSeconds,
        }),
      ),
    );
}

interface Inputs {
  plan: Plan;
  sources: Pick<SourceServers, 'urls' | 'stalledSeconds'>;
  reader: PublishedReader;
  /** Key prefix of the rendition. */
  prefix: string;
  /** Beside what overlays are drawn with. */
  cwd: string;
}

async function eachSample(
  rendition: string,
  { plan, opened }: PlannedSources,
  folder: PlanFolder,
  run: TranscodeRun,
  work: (inputs: Inputs) => Promise<void>,
): Promise<void> {
  await withSourceServers(opened, run, async (sources, workDir) => {
    await prepareDrawing({ plan, workDir }, run);
    const cwd = join(workDir, 'measure');
    await mkdir(cwd);
    await withPublished(run, (reader) =>
      work({ plan, sources, reader, prefix: folder.file(`${rendition}/`), cwd }),
    );
  });
}

async function scoresOf(
  sample: Sample,
  { plan, sources, reader, prefix, cwd }: Inputs,
  measuring: Measuring,
  run: TranscodeRun,
): Promise<number[]> {
  const { video } = plan;
  if (video === undefined) throw new TypeError('A plan without video is not measured.');
  const file = segmentName(sample.number, plan.segmentFormat);
  const init = plan.segmentFormat === 'fmp4' ? [initSegmentName] : [];
  const encoded = await reader.serve(file, await reader.objects(prefix, [...init, file]));
  return compareWithSource({ plan, video, sample, urls: sources.urls, encoded, cwd }, measuring, run, {
    fontConfigPath: video.overlays && join(cwd, overlayFolder, overlayFiles.fontConfig),
    isSourceStalled: () => sources.stalledSeconds() > 0 || reader.isStalled(),
  });
}

function rounded({ mean, fifthPercentile }: Pick<Measured, 'mean' | 'fifthPercentile'>) {
  const round = (value: number) => Number(value.toFixed(4));
  return { mean: round(mean), fifthPercentile: round(fifthPercentile) };
}

function folderOf({ id }: QueuedJob, { plan }: Film, { settings }: TranscodeRun): PlanFolder {
  return new JobFolder(settings.output.prefix, id).plan(plan);
}
