import { mpegtsOffsetSeconds } from '../../encode/segment-arguments.ts';
import { RefusedError } from '../../errors.ts';
import { makeUnique } from '../../plan/labels.ts';
import { subtitleLabel } from '../../plan/text.ts';
import { normalizeLanguage } from '../../probe/language.ts';
import { headersFor } from '../../protocol/content-types.ts';
import type { QueuedJob, SubtitleChoice, SubtitleFile } from '../../protocol/job.ts';
import { JobFolder, type PlanFolder } from '../../protocol/job-folder.ts';
import { describeSource } from '../../protocol/source-location.ts';
import type { Film, FilmSubtitles } from '../../protocol/status.ts';
import { describeTrack } from '../../publish/assemble.ts';
import { withManifestSubtitles } from '../../publish/dash-manifest.ts';
import { publishedFilm, saveFilm } from '../../publish/film-record.ts';
import { publishText } from '../../publish/publish-text.ts';
import { withSubtitles } from '../../publish/subtitles.ts';
import { segmentSecondsOf, textPlaylist } from '../../publish/text-playlist.ts';
import { shortHash } from '../../short-hash.ts';
import type { Store } from '../../storage/store.ts';
import { SubtitleError } from '../../text/cue.ts';
import { maxSubtitleBytes, readSubtitles } from '../../text/read-subtitles.ts';
import type { TranscodeRun } from '../film.ts';
import { describeNamed, readSideFile } from '../side-files.ts';
import { noStream } from './files-alone.ts';
import { holdFilesLease } from './files-lease.ts';

/**
 * Adds subtitles to a published film, replaces those of the same language and kind, and removes some. Nothing is encoded, and what
 * players hold stays as it is: a new track has an address of its own, and only the multivariant playlist is another.
 * @returns undefined while another worker changes the film
 */
export async function changeSubtitles(
  job: QueuedJob,
  film: Film,
  run: TranscodeRun,
): Promise<Film | undefined> {
  const { subtitles: added = [], removeSubtitles: removed = [] } = job.options ?? {};
  if (added.length === 0 && removed.length === 0) return film;
  if (film.playlist === undefined) throw noStream(job, 'its subtitles cannot be changed');
  const jobFolder = new JobFolder(run.settings.output.prefix, job.id);
  return holdFilesLease(jobFolder.plan(film.plan), run, async (held) => {
    // Others may have changed it until a moment ago.
    const now = await publishedFilm(held.stores.output, jobFolder, held.signal);
    if (now === undefined || now.plan !== film.plan) throw new Error('The film was made again meanwhile.');
    const made = await makeTracks(added, now, jobFolder.plan(now.plan), held);
    const isKept = (track: FilmSubtitles) =>
      !removed.some((choice) => isChosen(choice, track)) && !made.some((other) => areAlike(other, track));
    return commit([...(now.subtitles ?? []).filter(isKept), ...made], now, jobFolder.plan(now.plan), held);
  });
}

/** Without a kind, all of the language; without a language, those that name none. */
function isChosen({ language, kind }: SubtitleChoice, track: FilmSubtitles): boolean {
  return normalizeLanguage(language) === track.language && (kind === undefined || kind === track.kind);
}

function areAlike(one: FilmSubtitles, other: FilmSubtitles): boolean {
  return one.language === other.language && one.kind === other.kind;
}

/** Publishes the tracks that can be read; of the others a warning says what is wrong. */
async function makeTracks(
  files: readonly SubtitleFile[],
  film: Film,
  folder: PlanFolder,
  run: TranscodeRun,
): Promise<FilmSubtitles[]> {
  const timing = await timingOf(film, run);
  const made: FilmSubtitles[] = [];
  for (const file of files) {
    try {
      made.push(await makeTrack(file, timing, folder, run));
    } catch (error) {
      if (!(error instanceof SubtitleError || error instanceof RefusedError)) throw error;
      const what = `The subtitles "${describeSource(file.source)}" were left out`;
      run.report.addWarnings([`${what}: ${error.message.replace(/\.$/, '')}.`]);
    }
  }
  return made.filter((track, index) => !made.slice(index + 1).some((later) => areAlike(later, track)));
}

interface Timing {
  cutSeconds: number[];
  offsetSeconds: number;
}

/** Segments are cut as the film's are. */
async function timingOf({ renditions }: Film, { stores, signal }: TranscodeRun): Promise<Timing> {
  const [first] = renditions;
  const text = first?.playlist && (await stores.output.get(first.playlist, signal))?.toString('utf8');
  if (text === undefined) throw new Error(`${first?.playlist} is no longer in storage.`);
  const cutSeconds = [0];
  for (const seconds of segmentSecondsOf(text)) cutSeconds.push((cutSeconds.at(-1) ?? 0) + seconds);
  return { cutSeconds, offsetSeconds: /^[^#].*\.ts$/m.test(text) ? mpegtsOffsetSeconds : 0 };
}

async function makeTrack(
  file: SubtitleFile,
  timing: Timing,
  folder: PlanFolder,
  run: TranscodeRun,
): Promise<FilmSubtitles> {
  const { settings, stores, signal } = run;
  const { output } = stores;
  const { name: title, default: isDefault, language, kind } = describeNamed(file);
  const encoding = file.encoding ?? settings.subtitleEncoding;
  const bytes = await readSideFile(file.source, maxSubtitleBytes, run);
  const { cues, problems } = readSubtitles(bytes, { encoding, language });
  for (const problem of problems)
    run.report.addWarnings([`The subtitles "${describeSource(file.source)}" ${problem}.`]);
  const label = subtitleLabel({ title, language, kind });
  // What is in it names it: players keep the old files of a track that is corrected.
  const name = ['text', language ?? 'und', shortHash({ cues, timing })].join('-');
  const segments = await publishText(output, folder.file(`${name}/`), cues, { ...timing, signal });
  const track = { name, label, language, kind, default: isDefault };
  const described = describeTrack(track, cues.length, folder, settings.output.publicUrl);
  const { playlist } = described;
  await output.put(playlist, textPlaylist(segments), { ...headersFor(playlist), signal });
  return described;
}

/** The record first, as it says what the playlist names; the playlist only if the film is still the same. */
async function commit(
  tracks: readonly FilmSubtitles[],
  { subtitles: _, ...film }: Film,
  folder: PlanFolder,
  { stores, signal }: TranscodeRun,
): Promise<Film> {
  const { output } = stores;
  const { commit: key } = folder.job;
  const labels = makeUnique(tracks.map(({ label }) => label));
  const isDefault = tracks.findLast((track) => track.default);
  const subtitles = tracks.map((track, n) => ({
    ...track,
    label: labels[n] ?? track.label,
    default: track === isDefault,
  }));
  const changed: Film = subtitles.length === 0 ? film : { ...film, subtitles };
  const before = await output.head(key, signal);
  const text = before && (await output.get(key, signal))?.toString('utf8');
  if (text === undefined || !text.includes(`\n${folder.planId}/`))
    throw new Error('The film was made again meanwhile.');
  await saveFilm(output, folder, changed, signal);
  const playlist = withSubtitles(text, subtitles, `${folder.planId}/`);
  if (playlist === text) return changed;
  const condition = { kind: 'unchanged', etag: before?.etag ?? '' } as const;
  const written = await output.putIf(key, playlist, condition, { ...headersFor(key), signal });
  if (written.kind !== 'written') throw new Error('The film was made again meanwhile.');
  await changeManifest(subtitles, folder, { output, signal });
  return changed;
}

/** Films of earlier versions and of MPEG-TS have none. One that was written meanwhile belongs to another film. */
async function changeManifest(
  subtitles: readonly FilmSubtitles[],
  folder: PlanFolder,
  { output, signal }: { output: Store; signal: AbortSignal },
): Promise<void> {
  const { manifest: key } = folder.job;
  const before = await output.head(key, signal);
  const text = before && (await output.get(key, signal))?.toString('utf8');
  if (!text?.includes(`<BaseURL>${folder.planId}/</BaseURL>`)) return;
  const condition = { kind: 'unchanged', etag: before?.etag ?? '' } as const;
  await output.putIf(key, withManifestSubtitles(text, subtitles), condition, { ...headersFor(key), signal });
}
