import { clockWarnings } from '../probe/clock.ts';
import type { Media, VideoStream } from '../probe/media.ts';
import { shortHash } from '../short-hash.ts';
import { planAudio } from './audio.ts';
import { audioGrids } from './audio-grid.ts';
import { isRgb, planColours } from './colours.ts';
import type { Encoding } from './encoding.ts';
import { encryptionPlan, type SegmentEncryption } from './encryption.ts';
import { endOf, filmZero, gopLength, planTiming } from './frame-timing.ts';
import { type FunctionLimits, functionPartSeconds, refuseTooLong } from './function-limits.ts';
import { resolveLadder } from './ladder.ts';
import { type ProbedMusic, planMusic, withMusic } from './music.ts';
import { type OverlayRequest, planOverlays } from './overlays.ts';
import { allParts, audioPartSeconds, planParts } from './parts.ts';
import type { Plan, VideoEncoder, VideoPlan } from './plan.ts';
import { displaySize, sizeRungs } from './sizes.ts';
import { planStoryboard } from './storyboard.ts';
import { planSurround } from './surround.ts';
import { planText, type SideFile } from './text.ts';
import { choosePath, encodableRungs, planRenditions, prepareFilters } from './video.ts';
import type { EncodingWork } from './work.ts';

export interface PlanRequest {
  sourceVersion: string;
  encoding: Encoding;
  encoder: VideoEncoder;
  /** See `encodingIdentity`. */
  software: string;
  /** Set where the film is to be made again although it is done: gives the plan, and so its folder, another id. */
  forceRequestId?: string;
  /** Undefined: segments are in clear. */
  encryption?: SegmentEncryption | undefined;
  /** Texts and images over the film. */
  overlays?: OverlayRequest | undefined;
  music?: ProbedMusic | undefined;
  /** Subtitles beside the film. */
  sideFiles?: readonly SideFile[];
  /** False where the GPU was tried on this film and does not decode it. */
  gpuDecodes?: boolean;
  /** Where each part is made by an invocation of a function. */
  functionLimits?: FunctionLimits | undefined;
}

/** Counts up when the same plan would be encoded otherwise than before, so that films are not mixed of both. */
export const recipe = 2;

export const telecineWarning =
  'the film looks like 24 frames a second that were spread over 60 fields (3:2 pulldown): the pulldown is not undone, so ' +
  'motion is less even than in the original; send the film at 24 frames a second where you have it';

export const nothingToDrawOn = 'the film has no picture, so its overlays were left out';

/**
 * Decides everything about a film. Pure: the same film and request give the same plan on every worker.
 * @throws RefusedError `too-small` for a picture that the encoder can't take, `too-long-for-function`
 */
export function makePlan(media: Media, request: PlanRequest): Plan {
  const { sourceVersion, encoding, encoder, software, forceRequestId, functionLimits, overlays } = request;
  const { segmentSeconds, segmentFormat } = encoding;
  const encrypted = encryptionPlan(request);
  const zeroSeconds = filmZero(media);
  const { audio: stereo, warnings } = planAudio(media, zeroSeconds);
  const music = request.music && planMusic(request.music);
  const copying = {
    isUnchanged: segmentFormat === 'fmp4' && encoding.loudness === undefined && media.clock === undefined,
    zeroSeconds,
  };
  const own = [...stereo, ...(encoding.stereoOnly || music ? [] : planSurround(media, stereo, copying))];
  const { text, warnings: textWarnings } = planText(media.text, request.sideFiles ?? []);
  const videoEndSeconds = media.video && endOf(media.video, zeroSeconds);
  const durationSeconds = Math.max(
    videoEndSeconds ?? 0,
    ...own.map((rendition) => rendition.durationSeconds),
  );
  const whole = music ? withMusic(own, durationSeconds) : own;
  const audioEnds = whole.map((rendition) => rendition.durationSeconds);
  // Music goes on from a sample to the next one, wherever the film is cut.
  const grids = music ? undefined : audioGrids(media, whole, zeroSeconds);
  const work = media.video && functionLimits && workOf(media, media.video, request);
  if (work && !media.indexed) refuseTooLong(videoEndSeconds ?? 0, work, functionLimits);
  const parts = planParts({
    videoEndSeconds,
    audioEndSeconds: audioEnds.length > 0 ? Math.max(...audioEnds) : undefined,
    audioPartSeconds: grids && audioPartSeconds(stereo.length, encoding.partSeconds),
    segmentSeconds,
    partSeconds: encoding.partSeconds ?? (work && functionPartSeconds(work, functionLimits)),
    encoder,
    indexed: media.indexed,
  });
  const isCut = parts.filter(({ kind }) => kind === 'audio').length > 1;
  const audio = isCut ? whole.map((rendition, n) => ({ ...rendition, grid: grids?.[n] })) : whole;
  const loudness = audio.length > 0 ? encoding.loudness : undefined;
  const planned =
    media.video && planVideo(media, media.video, endOf(media.video, zeroSeconds), parts, request);
  const decided = {
    sourceVersion,
    software,
    durationSeconds,
    zeroSeconds,
    ...(media.clock ? { clock: media.clock } : {}),
    ...(media.fragmentTable ? { fragmentTable: media.fragmentTable } : {}),
    segmentSeconds,
    segmentFormat,
    ...encrypted.plan,
    video: planned?.video,
    audio,
    ...(music ? { music } : {}),
    loudness,
    ...(text.length > 0 ? { text } : {}),
    parts: allParts(parts, { hasText: text.length > 0, isMeasured: loudness !== undefined }),
    warnings: [
      ...media.leftOut,
      ...(media.video?.telecined ? [telecineWarning] : []),
      ...clockWarnings(media.clock ?? [], zeroSeconds),
      ...warnings,
      ...(planned?.warnings ?? (overlays ? [nothingToDrawOn] : [])),
      ...textWarnings,
      ...encrypted.warnings,
    ],
  };
  return { id: shortHash({ recipe, forceRequestId, ...decided }), ...decided };
}

/** What a second of video takes to encode. */
function workOf(media: Media, video: VideoStream, { encoding, encoder }: PlanRequest): EncodingWork {
  const film = displaySize(video);
  const { num, den } = planTiming(media, video, encoding.deinterlace).frameRate;
  return {
    sourcePixels: film.width * film.height,
    framesPerSecond: num / den,
    renditions: sizeRungs(film, resolveLadder(encoding.ladder, encoding.include480p)),
    preset: encoder.preset,
  };
}

function planVideo(
  media: Media,
  video: VideoStream,
  endSeconds: number,
  parts: Plan['parts'],
  { encoding, encoder, gpuDecodes, overlays }: PlanRequest,
): { video: VideoPlan; warnings: string[] } {
  const film = displaySize(video);
  const rungs = sizeRungs(film, resolveLadder(encoding.ladder, encoding.include480p));
  const encoded = encodableRungs(rungs, encoder);
  const timing = planTiming(media, video, encoding.deinterlace);
  const renditions = planRenditions(encoded, timing, { ...encoding, encoder });
  const [largest] = renditions;
  const drawn =
    overlays && largest ? planOverlays(overlays, largest, endSeconds) : { plan: undefined, warnings: [] };
  const path = choosePath(video, encoder, { gpuDecodes, isDrawnOn: drawn.plan !== undefined });
  const planned = {
    streamIndex: video.index,
    durationSeconds: endSeconds,
    ...(video.delaySeconds ? { delaySeconds: video.delaySeconds } : {}),
    encoder,
    path,
    prepare: prepareFilters(video, path, encoding.deinterlace),
    ...(path === 'gpu' ? { cpuPrepare: prepareFilters(video, 'upload', encoding.deinterlace) } : {}),
    colours: planColours(video, film),
    rgb: isRgb(video),
    ...timing,
    hasCaptions: video.hasCaptions,
    gopSeconds: gopLength(encoding.segmentSeconds),
    renditions,
    ...(drawn.plan ? { overlays: drawn.plan } : {}),
    posterSeconds: posterTime(encoding.thumbnailAt, endSeconds, timing.frameRate),
    storyboard: planStoryboard(film, endSeconds, parts),
  };
  return { video: planned, warnings: drawn.warnings };
}

/** Inside the film: at least two frames before its end, as the last frame's time is not exact. */
export function posterTime(
  at: Encoding['thumbnailAt'],
  endSeconds: number,
  { num, den }: VideoPlan['frameRate'],
): number {
  const wanted = typeof at === 'number' ? at : (Number.parseFloat(at) / 100) * endSeconds;
  const latest = Math.max(0, endSeconds - (2 * den) / num);
  return Math.floor(Math.min(wanted, latest) * 1000) / 1000;
}
