import { RefusedError } from '../errors.ts';
import { clockWarnings } from '../probe/clock.ts';
import { type Fraction, type Media, noAudio, type VideoStream } from '../probe/media.ts';
import { shortHash } from '../short-hash.ts';
import { isRgb } from './colours.ts';
import { encryptionPlan } from './encryption.ts';
import { planFit } from './fit.ts';
import { endOf, filmZero, gopLength, planTiming } from './frame-timing.ts';
import { functionPartSeconds, refuseTooLong } from './function-limits.ts';
import { planJoinedAudio } from './join-audio.ts';
import { clipColours, joinedColours } from './join-colours.ts';
import { resolveLadder } from './ladder.ts';
import { nothingToDrawOn, type PlanRequest, posterTime, recipe, telecineWarning } from './make-plan.ts';
import { planMusic } from './music.ts';
import { planOverlays } from './overlays.ts';
import { allParts, planClipParts } from './parts.ts';
import type { ClipPlan, ClipVideo, Part, Plan, VideoPlan, VideoRendition } from './plan.ts';
import { displaySize, type Size, sizeRungs } from './sizes.ts';
import { planStoryboard } from './storyboard.ts';
import { planText } from './text.ts';
import { encodableRungs, planRenditions, prepareFilters } from './video.ts';

/** A clip whose source was probed. */
export interface ProbedClip {
  /** Which of the job's sources. */
  source: number;
  /** For people. */
  name: string;
  media: Media;
  from?: number | undefined;
  to?: number | undefined;
}

/** A clip on the film's time line, which is counted in frames. */
interface PlacedClip extends ProbedClip {
  zeroSeconds: number;
  fromSeconds: number;
  toSourceEnd: boolean;
  startFrame: number;
  endFrame: number;
}

/** People read the end of a clip from a player, which rounds it. */
const endSlackSeconds = 0.1;

/** Without a picture, the time line is counted in milliseconds. */
const audioGrid: Fraction = { num: 1000, den: 1 };

/**
 * A film of several clips, or of a stretch of one. With a crossfade, each begins before the one before it ends. Each clip's length is rounded to whole frames of the film, and its audio is cut
 * or filled with silence to just that length (`clip-audio.ts`); so no clip moves the ones behind it, and no drift adds up.
 * @throws RefusedError naming the clip that can't be joined
 */
export function joinClips(clips: readonly ProbedClip[], request: PlanRequest): Plan {
  const { encoding, encoder, sourceVersion, software, forceRequestId } = request;
  const { segmentSeconds, segmentFormat } = encoding;
  const frameRate = commonRate(clips, request);
  const fadeFrames = crossfadeFrames(clips, encoding, frameRate);
  const placed = placeClips(clips, frameRate, fadeFrames);
  const at = (frame: number) => (frame * frameRate.den) / frameRate.num;
  const durationSeconds = at(placed.at(-1)?.endFrame ?? 0);
  const encrypted = encryptionPlan(request);
  const music = request.music && planMusic(request.music);
  const { audio, ofClips, warnings } = planJoinedAudio(clips, durationSeconds, {
    hasMusic: music !== undefined,
  });
  const hasPicture = !encoding.audioOnly && clips.some(({ media }) => media.video);
  if (!hasPicture && audio.length === 0) throw noAudio();
  const picture = hasPicture ? planPicture(clips, { frameRate, request }) : undefined;
  const planned = placed.map((clip, n): ClipPlan => {
    const { source, media, zeroSeconds, fromSeconds, toSourceEnd } = clip;
    const startSeconds = at(clip.startFrame);
    return {
      source,
      startSeconds,
      endSeconds: at(clip.endFrame),
      fromSeconds,
      toSourceEnd,
      zeroSeconds: zeroSeconds + fromSeconds - startSeconds,
      ...(media.clock ? { clock: media.clock } : {}),
      ...(media.fragmentTable ? { fragmentTable: media.fragmentTable } : {}),
      ...seekOf(media),
      ...(picture?.ofClips[n] ? { video: picture.ofClips[n] } : {}),
      audio: ofClips[n] ?? [],
    };
  });
  const parts = planClipParts(
    clipRanges(placed, fadeFrames).map(({ startFrame, endFrame, ...range }) => ({
      ...range,
      startSeconds: at(startFrame),
      endSeconds: at(endFrame),
      indexed: clips[range.clip]?.media.indexed ?? false,
    })),
    {
      segmentSeconds,
      partSeconds: encoding.partSeconds ?? (picture && partSecondsOf(clips, picture, frameRate, request)),
      encoder,
      hasVideo: picture !== undefined,
      hasAudio: audio.length > 0,
    },
  );
  const { overlays } = request;
  const [largest] = picture?.renditions ?? [];
  const drawn = overlays && largest ? planOverlays(overlays, largest, durationSeconds) : undefined;
  // Subtitles inside a clip have its times, and not those of the joined film.
  const { text } = planText([], request.sideFiles ?? []);
  const loudness = audio.length > 0 ? encoding.loudness : undefined;
  const decided = {
    sourceVersion,
    software,
    durationSeconds,
    zeroSeconds: 0,
    segmentSeconds,
    segmentFormat,
    ...encrypted.plan,
    clips: planned,
    ...(fadeFrames > 0 ? { crossfadeSeconds: at(fadeFrames) } : {}),
    video: picture && {
      ...finishVideo(picture, { durationSeconds, parts, frameRate, request }),
      ...(drawn?.plan ? { overlays: drawn.plan } : {}),
    },
    audio,
    ...(music ? { music } : {}),
    loudness,
    ...(text.length > 0 ? { text } : {}),
    parts: allParts(parts, { hasText: text.length > 0, isMeasured: loudness !== undefined }),
    warnings: [
      ...new Set([...placed.flatMap(warningsOf(clips.length)), ...warnings]),
      ...(drawn?.warnings ?? (overlays ? [nothingToDrawOn] : [])),
      ...encrypted.warnings,
    ],
  };
  return { id: shortHash({ recipe, forceRequestId, ...decided }), ...decided };
}

/** The highest of the clips' rates; the first clip's where that is hardly lower, such as 29.97 beside 30. */
function commonRate(clips: readonly ProbedClip[], { encoding }: PlanRequest): Fraction {
  const rates = clips.flatMap(({ media }) =>
    media.video ? [planTiming(media, media.video, encoding.deinterlace).frameRate] : [],
  );
  const perSecond = ({ num, den }: Fraction) => num / den;
  const highest = rates.reduce((a, b) => (perSecond(b) > perSecond(a) ? b : a), rates[0] ?? audioGrid);
  return rates.find((rate) => perSecond(rate) > 0.99 * perSecond(highest)) ?? audioGrid;
}

/** At least one frame. */
function crossfadeFrames(
  clips: readonly ProbedClip[],
  { crossfade }: PlanRequest['encoding'],
  { num, den }: Fraction,
): number {
  return crossfade === undefined || clips.length === 1 ? 0 : Math.max(1, Math.round((crossfade * num) / den));
}

/** What is of one clip, and between them what is of two. */
function clipRanges(placed: readonly PlacedClip[], fadeFrames: number) {
  const last = placed.length - 1;
  return placed.flatMap(({ startFrame, endFrame }, clip) => {
    const own = {
      clip,
      startFrame: startFrame + (clip === 0 ? 0 : fadeFrames),
      endFrame: endFrame - (clip === last ? 0 : fadeFrames),
    };
    const fade = { clip, into: clip + 1, startFrame: own.endFrame, endFrame };
    return [
      ...(own.endFrame > own.startFrame ? [own] : []),
      ...(fadeFrames > 0 && clip < last ? [fade] : []),
    ];
  });
}

function placeClips(clips: readonly ProbedClip[], { num, den }: Fraction, fadeFrames: number): PlacedClip[] {
  let startFrame = 0;
  return clips.map((clip, n) => {
    const zeroSeconds = filmZero(clip.media);
    const { from, to, toSourceEnd } = rangeOf(clip, n, zeroSeconds);
    const frames = Math.max(1, Math.round(((to - from) * num) / den));
    const fades = Number(n > 0) + Number(n < clips.length - 1);
    if (frames < fades * fadeFrames)
      throw new RefusedError(
        'clip-range',
        `${nameClip(clip, n)} lasts ${(to - from).toFixed(2)} s, and its crossfades take ${((fades * fadeFrames * den) / num).toFixed(2)} s. Choose a longer stretch, or a shorter "crossfade".`,
      );
    const placed = {
      ...clip,
      zeroSeconds,
      fromSeconds: from,
      toSourceEnd,
      startFrame,
      endFrame: startFrame + frames,
    };
    startFrame = placed.endFrame - fadeFrames;
    return placed;
  });
}

/** A clip lasts as long as its picture, if `to` does not end it. */
function rangeOf(clip: ProbedClip, n: number, zeroSeconds: number) {
  const { media, from = 0, to } = clip;
  const streams = media.video ? [media.video] : media.audio;
  const end = Math.max(0, ...streams.map((stream) => endOf(stream, zeroSeconds)));
  const refuse = (what: string) =>
    new RefusedError(
      'clip-range',
      `${nameClip(clip, n)} ${what}, and its film ends at ${end.toFixed(2)} s. Choose a time before that.`,
    );
  if (from >= end) throw refuse(`begins at ${from} s`);
  if (to !== undefined && to > end + endSlackSeconds) throw refuse(`is to end at ${to} s`);
  return { from, to: Math.min(to ?? end, end), toSourceEnd: to === undefined || to > end - endSlackSeconds };
}

/** Longest time between keyframes in broadcasts, with much to spare. */
const transportPrerollSeconds = 20;

/**
 * MPEG-TS is found by its timestamps, though not to the frame. The other containers without an index are read from their start,
 * and so are recordings whose clock jumps: their timestamps find nothing.
 */
function seekOf({ indexed, format, clock }: Media): Pick<ClipPlan, 'seekSeconds'> {
  if (clock) return {};
  if (indexed) return { seekSeconds: 0 };
  return format === 'mpegts' ? { seekSeconds: transportPrerollSeconds } : {};
}

/** Where functions make the parts: as long as one can make, whichever clip it is of. */
function partSecondsOf(
  clips: readonly ProbedClip[],
  { renditions }: Picture,
  { num, den }: Fraction,
  { encoder, functionLimits }: PlanRequest,
): number | undefined {
  if (functionLimits === undefined) return undefined;
  const works = clips.map(({ media: { video, indexed, durationSeconds } }) => {
    const sourcePixels = (video?.width ?? 0) * (video?.height ?? 0);
    const work = { sourcePixels, framesPerSecond: num / den, renditions, preset: encoder.preset };
    if (!indexed) refuseTooLong(durationSeconds, work, functionLimits);
    return work;
  });
  return Math.min(...works.map((work) => functionPartSeconds(work, functionLimits)));
}

interface Picture {
  size: Size;
  first: VideoStream;
  colours: VideoPlan['colours'];
  renditions: VideoRendition[];
  /** Only where all clips have them, as a playlist says it of the whole film. */
  hasCaptions: boolean;
  ofClips: ClipVideo[];
}

/** All clips come into one picture: size, pixel shape and colours of the first clip, or those that they can share. */
function planPicture(
  clips: readonly ProbedClip[],
  { frameRate, request }: { frameRate: Fraction; request: PlanRequest },
): Picture {
  const { encoding, encoder } = request;
  const videos = clips.map((clip, n) => {
    if (clip.media.video) return clip.media.video;
    throw new RefusedError(
      'no-video',
      `${nameClip(clip, n)} has no picture that can be decoded, and the film has one. Leave that clip out.`,
    );
  });
  const [first] = videos;
  if (first === undefined) throw new TypeError('A film has at least one clip.');
  const size = encoding.size === undefined ? displaySize(first) : readSize(encoding.size);
  const rungs = sizeRungs(size, resolveLadder(encoding.ladder, encoding.include480p));
  const renditions = planRenditions(encodableRungs(rungs, encoder), { frameRate }, { ...encoding, encoder });
  const largest = renditions[0] ?? size;
  const colours = joinedColours(videos);
  const path = encoder.name === 'x264' ? 'cpu' : 'upload';
  const ofClips = videos.map((video): ClipVideo => {
    const { filters, fromMatrix } = clipColours(video, colours);
    return {
      streamIndex: video.index,
      ...(video.delaySeconds ? { delaySeconds: video.delaySeconds } : {}),
      prepare: [...prepareFilters(video, path, encoding.deinterlace), ...filters],
      rgb: isRgb(video),
      fit: { ...planFit(displaySize(video), largest, encoding.fit ?? 'pad'), ...fromMatrix },
    };
  });
  const hasCaptions = videos.every((video) => video.hasCaptions);
  return { size, first, colours, renditions, hasCaptions, ofClips };
}

function readSize(text: string): Size {
  const [width = 0, height = 0] = text.split('x').map(Number);
  return { width, height };
}

function finishVideo(
  { size, first, colours, renditions, hasCaptions }: Picture,
  {
    durationSeconds,
    parts,
    frameRate,
    request,
  }: { durationSeconds: number; parts: readonly Part[]; frameRate: Fraction; request: PlanRequest },
): VideoPlan {
  const { encoding, encoder } = request;
  return {
    streamIndex: first.index,
    durationSeconds,
    encoder,
    path: encoder.name === 'x264' ? 'cpu' : 'upload',
    prepare: [],
    colours,
    rgb: false,
    timing: 'constant',
    frameRate,
    hasCaptions,
    gopSeconds: gopLength(encoding.segmentSeconds),
    renditions,
    posterSeconds: posterTime(encoding.thumbnailAt, durationSeconds, frameRate),
    storyboard: planStoryboard(size, durationSeconds, parts),
  };
}

/** What the owner should know of a clip's source; of several, with the clip's name. */
function warningsOf(count: number) {
  return (clip: PlacedClip, n: number): string[] => {
    const { media, zeroSeconds } = clip;
    const warnings = [
      ...media.leftOut,
      ...media.text.map(
        ({ index, codec }) =>
          `subtitle stream ${index} (${codec}) was left out: name subtitles of the joined film in its job`,
      ),
      ...(media.video?.telecined ? [telecineWarning] : []),
      ...clockWarnings(media.clock ?? [], zeroSeconds),
    ];
    return count === 1 ? warnings : warnings.map((warning) => `${nameClip(clip, n)}: ${warning}`);
  };
}

/** `Clip 2 ("films/b.mp4")` */
export function nameClip({ name }: { name: string }, n: number): string {
  return `Clip ${n + 1} (${JSON.stringify(name)})`;
}
