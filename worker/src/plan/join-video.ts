import { RefusedError } from '../errors.ts';
import type { Fraction, VideoStream } from '../probe/media.ts';
import { isRgb } from './colours.ts';
import { planFit } from './fit.ts';
import { gopLength } from './frame-timing.ts';
import { clipColours, joinedColours } from './join-colours.ts';
import { resolveLadder } from './ladder.ts';
import { type PlanRequest, posterTime } from './make-plan.ts';
import { nameClip, type ProbedClip } from './place-clips.ts';
import type { ClipVideo, Part, VideoPlan, VideoRendition } from './plan.ts';
import { displaySize, type Size, sizeRungs } from './sizes.ts';
import { planStoryboard } from './storyboard.ts';
import { encodableRungs, planRenditions, prepareFilters } from './video.ts';

/** What the video of a joined film is, before its parts are known. */
export interface JoinedVideo {
  size: Size;
  first: VideoStream;
  colours: VideoPlan['colours'];
  renditions: VideoRendition[];
  /** Only where all clips have them, as a playlist says it of the whole film. */
  hasCaptions: boolean;
  ofClips: ClipVideo[];
}

/** All clips come into one picture: size, pixel shape and colours of the first clip, or those that they can share. */
export function planJoinedVideo(
  clips: readonly ProbedClip[],
  { frameRate, request }: { frameRate: Fraction; request: PlanRequest },
): JoinedVideo {
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

export function finishVideo(
  { size, first, colours, renditions, hasCaptions }: JoinedVideo,
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
