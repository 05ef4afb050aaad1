import { clockWarnings } from '../probe/clock.ts';
import { type Fraction, type Media, noAudio } from '../probe/media.ts';
import { shortHash } from '../short-hash.ts';
import { encryptionPlan } from './encryption.ts';
import { functionPartSeconds, refuseTooLong } from './function-limits.ts';
import { planJoinedAudio } from './join-audio.ts';
import { finishVideo, type JoinedVideo, planJoinedVideo } from './join-video.ts';
import { nothingToDrawOn, type PlanRequest, recipe, telecineWarning } from './make-plan.ts';
import { planMusic } from './music.ts';
import { planOverlays } from './overlays.ts';
import { allParts, planClipParts } from './parts.ts';
import {
  clipRanges,
  commonRate,
  crossfadeFrames,
  nameClip,
  type PlacedClip,
  type ProbedClip,
  placeClips,
} from './place-clips.ts';
import type { ClipPlan, Plan } from './plan.ts';
import { planText } from './text.ts';

/**
 * A film of several clips, or of a stretch of one. With a crossfade, each begins before the one before it ends. Each clip's length is rounded to whole frames of the film, and its audio is cut
 * or filled with silence to just that length (`clip-audio.ts`); so no clip moves the ones behind it, and no drift adds up.
 * @throws RefusedError naming the clip that can't be joined
 */
export function joinClips(clips: readonly ProbedClip[], request: PlanRequest): Plan {
  const { encoding, encoder, sourceVersion, software, forceRequestId } = request;
  const { segmentSeconds, segmentFormat } = encoding;
  const frameRate = commonRate(clips, encoding);
  const fadeFrames = crossfadeFrames(clips, encoding, frameRate);
  const placed = placeClips(clips, frameRate, fadeFrames);
  const at = (frame: number) => (frame * frameRate.den) / frameRate.num;
  const durationSeconds = at(placed.at(-1)?.endFrame ?? 0);
  const encrypted = encryptionPlan(request);
  const music = request.music && planMusic(request.music);
  const { audio, ofClips, warnings } = planJoinedAudio(clips, durationSeconds, {
    hasMusic: music !== undefined,
  });
  const hasVideo = !encoding.audioOnly && clips.some(({ media }) => media.video);
  if (!hasVideo && audio.length === 0) throw noAudio();
  const joined = hasVideo ? planJoinedVideo(clips, { frameRate, request }) : undefined;
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
      ...(joined?.ofClips[n] ? { video: joined.ofClips[n] } : {}),
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
      partSeconds: encoding.partSeconds ?? (joined && partSecondsOf(clips, joined, frameRate, request)),
      encoder,
      hasVideo,
      hasAudio: audio.length > 0,
    },
  );
  const { overlays } = request;
  const [largest] = joined?.renditions ?? [];
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
    video: joined && {
      ...finishVideo(joined, { durationSeconds, parts, frameRate, request }),
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
  { renditions }: JoinedVideo,
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
