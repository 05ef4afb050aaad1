import type { Plan } from '../plan/plan.ts';
import { headersFor } from '../protocol/content-types.ts';
import type { PlanFolder } from '../protocol/job-folder.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import type { Film, FilmRendition, FilmSubtitles } from '../protocol/status.ts';
import type { Store } from '../storage/store.ts';
import { measureBandwidth } from './bandwidth.ts';
import { withClearSteps } from './clear-steps.ts';
import { dashManifest, withManifestSubtitles } from './dash-manifest.ts';
import type { FilmRequest } from './film-record.ts';
import { publishedLoudness } from './loudness.ts';
import {
  hasIframes,
  iframePlaylist,
  iframePlaylistName,
  initSegmentName,
  mediaPlaylist,
  mediaPlaylistName,
  segmentName,
  targetDuration,
} from './media-playlist.ts';
import { multivariantPlaylist } from './multivariant-playlist.ts';
import { joinRendition, joinRenditions, type Rendition, UnfitPartsError } from './rendition.ts';
import { storyboardFolder, storyboardName, storyboardVtt } from './storyboard-vtt.ts';
import { withSubtitles } from './subtitles.ts';
import { textPlaylist, textSegmentName, wholeTextName } from './text-playlist.ts';

export interface Assembly {
  plan: Plan;
  records: readonly PartRecord[];
  output: Store;
  folder: PlanFolder;
  /** Without a slash at its end. */
  publicUrl?: string | undefined;
  /** What the film was asked for with, kept beside it: see `film-record.ts`. */
  request: FilmRequest;
  /** Throws where another worker has taken over to commit the film. */
  assertHeld: () => Promise<void>;
  signal: AbortSignal;
}

/** A recorded part is not whole in storage any more, or does not fit the others. Its record is gone too, so the next try makes it again. */
export class MissingSegmentsError extends Error {
  override readonly name = 'MissingSegmentsError';
}

/**
 * Makes a film of its parts: playlists are written from the records, storage is asked whether all they name is there,
 * and the multivariant playlist, the one commit, comes last, behind the manifest for DASH players. What older plans left is removed after that.
 */
export async function assemble(assembly: Assembly): Promise<Film> {
  const { records, output, folder, signal } = assembly;
  await assertPublished(assembly, await joinOrDiscard(assembly));
  const plan = withClearSteps(assembly.plan, records);
  const renditions = joinRenditions(plan, records);

  const texts = new Map<string, string>();
  for (const [name, rendition] of renditions) {
    texts.set(`${name}/${mediaPlaylistName}`, mediaPlaylist(plan, name, records));
    if (isVideo(plan, name) && hasIframes(rendition)) {
      texts.set(`${name}/${iframePlaylistName}`, iframePlaylist(plan, name, records));
    }
  }
  const film = describeFilm({ ...assembly, plan }, renditions);
  for (const { name } of film.subtitles ?? []) {
    const { segments } = joinRendition(records, name);
    texts.set(`${name}/${mediaPlaylistName}`, textPlaylist(upTo(film.durationSeconds, segments)));
  }
  if (plan.video) texts.set(storyboardName, storyboardVtt(plan.video.storyboard, records));
  await Promise.all(
    [...texts].map(([name, text]) => output.put(folder.file(name), text, { ...headersFor(name), signal })),
  );
  await assembly.assertHeld();
  const record = folder.filmRecord;
  await output.put(record, JSON.stringify({ ...assembly.request, film }), { ...headersFor(record), signal });

  const { commit, manifest } = folder.job;
  const subtitles = film.subtitles ?? [];
  if (film.manifest) {
    const text = withManifestSubtitles(dashManifest(plan, records), subtitles);
    await output.put(manifest, text, { ...headersFor(manifest), signal });
  } else {
    await output.remove([manifest], signal);
  }
  const stream = multivariantPlaylist(plan, records);
  await assembly.assertHeld();
  await output.put(commit, withSubtitles(stream, subtitles, `${plan.id}/`), {
    ...headersFor(commit),
    signal,
  });
  return film;
}

/** @throws MissingSegmentsError after it removed the records of parts that do not fit the others */
async function joinOrDiscard(assembly: Assembly): Promise<Map<string, Rendition>> {
  try {
    return joinRenditions(assembly.plan, assembly.records);
  } catch (error) {
    if (!(error instanceof UnfitPartsError)) throw error;
    await discard(assembly, error.parts);
    throw new MissingSegmentsError(`${error.message} Part ${error.parts.join(', ')} will be made again.`);
  }
}

function discard({ output, folder, signal }: Assembly, parts: readonly number[]): Promise<void> {
  return output.remove(
    parts.flatMap((part) => [folder.record(part), folder.partLease(part)]),
    signal,
  );
}

async function assertPublished(assembly: Assembly, renditions: Map<string, Rendition>): Promise<void> {
  const { plan, records, output, folder, signal } = assembly;
  const found = new Map<string, number>();
  for await (const { key, sizeBytes } of output.list(folder.prefix, signal))
    found.set(key.slice(folder.prefix.length), sizeBytes);
  const gone = records.filter((record) =>
    filesOf(plan, record).some(({ name, bytes }) => {
      const size = found.get(name);
      return size === undefined || (bytes !== undefined && bytes !== size);
    }),
  );
  if (gone.length === 0) return;
  const parts = gone.map(({ part }) => part);
  await discard(assembly, parts);
  throw new MissingSegmentsError(
    `Of the ${renditions.size} renditions, segments of part ${parts.join(', ')} are no longer in storage as they were recorded; they will be made again.`,
  );
}

/** Everything that a part's record says is there, below the plan's folder. Playlists name bytes of media alone. */
function filesOf(plan: Plan, record: PartRecord): { name: string; bytes?: number }[] {
  const media = record.renditions.flatMap(({ name, segments, initSha256, initBytes }) => [
    ...(initSha256 === undefined ? [] : [{ name: `${name}/${initSegmentName}`, bytes: initBytes }]),
    ...segments.map(({ number, bytes }) => ({
      name: `${name}/${isText(plan, name) ? textSegmentName(number) : segmentName(number, plan.segmentFormat)}`,
      bytes,
    })),
  ]);
  const sheets = record.sheets.map(({ file }) => ({ name: `${storyboardFolder}/${file}` }));
  return [...media, ...sheets, ...(record.poster ? [{ name: record.poster }] : [])];
}

function describeFilm(assembly: Assembly, joined: Map<string, Rendition>): Film {
  const { plan, records, folder, publicUrl } = assembly;
  const target = targetDuration(records);
  const renditions = [...joined].map(([name, rendition]) =>
    describeRendition(assembly, name, rendition, target),
  );
  const playlist = folder.job.commit;
  const place = (key: string) => publicUrl && `${publicUrl}/${key}`;
  const { manifest } = folder.job;
  const url = place(playlist);
  const poster = records.find((record) => record.poster)?.poster;
  return {
    playlist,
    ...(url ? { url } : {}),
    ...(hasManifest(plan) ? { manifest, ...(url ? { manifestUrl: place(manifest) } : {}) } : {}),
    plan: plan.id,
    durationSeconds: Math.max(...[...joined.values()].map(({ durationSeconds }) => durationSeconds)),
    bytes: renditions.reduce((sum, { bytes }) => sum + bytes, 0),
    encoder: plan.video?.encoder.name ?? 'aac',
    ...(plan.encryption ? { encryption: plan.encryption.method } : {}),
    renditions,
    ...describeSubtitles(assembly),
    ...(poster ? { poster: folder.file(poster) } : {}),
    ...(plan.video ? { storyboard: folder.file(storyboardName) } : {}),
  };
}

/** DASH knows neither MPEG-TS as we make it nor segments that are encrypted as a whole. */
function hasManifest({ segmentFormat, encryption }: Plan): boolean {
  return segmentFormat === 'fmp4' && encryption === undefined;
}

function describeRendition(
  { plan, records, folder }: Assembly,
  name: string,
  rendition: Rendition,
  target: number,
): FilmRendition {
  const video = plan.video?.renditions.find((each) => each.name === name);
  const audio = plan.audio.find((each) => each.name === name);
  const { peak, average } = measureBandwidth(rendition.segments, target);
  const rate = plan.video?.frameRate;
  return {
    name,
    kind: video ? 'video' : 'audio',
    playlist: folder.file(`${name}/${mediaPlaylistName}`),
    ...(video ? { width: video.width, height: video.height } : {}),
    ...(video && rate ? { frameRate: Number((rate.num / rate.den).toFixed(3)) } : {}),
    codecs: rendition.codecs,
    ...(audio?.language ? { language: audio.language } : {}),
    loudness: audio && publishedLoudness(plan, records, name),
    bandwidth: peak,
    averageBandwidth: average,
    bytes: rendition.bytes,
    segments: rendition.segments.length,
  };
}

/** Tracks that were made; one that could not be read has no record. */
export function describeSubtitles({
  plan,
  records,
  folder,
  publicUrl,
}: Pick<Assembly, 'plan' | 'records' | 'folder' | 'publicUrl'>): Pick<Film, 'subtitles'> {
  const made = new Map(
    records.flatMap(({ renditions }) => renditions.map((rendition) => [rendition.name, rendition] as const)),
  );
  const subtitles = (plan.text ?? []).flatMap((track): FilmSubtitles[] => {
    const { name, label, language, kind } = track;
    const record = made.get(name);
    if (record === undefined) return [];
    return [
      describeTrack(
        { name, label, language, kind, default: track.default },
        record.frames,
        folder,
        publicUrl,
      ),
    ];
  });
  return subtitles.length === 0 ? {} : { subtitles };
}

/** @param cues how many */
export function describeTrack(
  track: Pick<FilmSubtitles, 'name' | 'label' | 'language' | 'kind' | 'default'>,
  cues: number,
  folder: PlanFolder,
  publicUrl: string | undefined,
): FilmSubtitles {
  const file = folder.file(`${track.name}/${wholeTextName}`);
  return {
    ...track,
    playlist: folder.file(`${track.name}/${mediaPlaylistName}`),
    file,
    ...(publicUrl ? { url: `${publicUrl}/${file}` } : {}),
    cues,
  };
}

/** A film that ends before its header says has no segments behind its end. */
function upTo<T extends { startSeconds: number }>(endSeconds: number, segments: readonly T[]): T[] {
  return segments.filter(({ startSeconds }, index) => index === 0 || startSeconds < endSeconds);
}

function isText(plan: Plan, name: string): boolean {
  return plan.text?.some((rendition) => rendition.name === name) ?? false;
}

function isVideo(plan: Plan, name: string): boolean {
  return plan.video?.renditions.some((rendition) => rendition.name === name) ?? false;
}
