import { RefusedError } from '../errors.ts';
import type { Fraction, Media } from '../probe/media.ts';
import type { Encoding } from './encoding.ts';
import { endOf, filmZero, planTiming } from './frame-timing.ts';

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

/** `Clip 2 ("films/b.mp4")` */
export function nameClip({ name }: { name: string }, n: number): string {
  return `Clip ${n + 1} (${JSON.stringify(name)})`;
}

/** A clip on the film's time line, which is counted in frames. */
export interface PlacedClip extends ProbedClip {
  zeroSeconds: number;
  fromSeconds: number;
  toSourceEnd: boolean;
  startFrame: number;
  endFrame: number;
}

/** People read the end of a clip from a player, which rounds it. */
const endSlackSeconds = 0.1;

/** Without video, the time line is counted in milliseconds. */
const audioGrid: Fraction = { num: 1000, den: 1 };

/** The highest of the clips' rates; the first clip's where that is hardly lower, such as 29.97 beside 30. */
export function commonRate(
  clips: readonly ProbedClip[],
  { deinterlace }: Pick<Encoding, 'deinterlace'>,
): Fraction {
  const rates = clips.flatMap(({ media }) =>
    media.video ? [planTiming(media, media.video, deinterlace).frameRate] : [],
  );
  const perSecond = ({ num, den }: Fraction) => num / den;
  const highest = rates.reduce((a, b) => (perSecond(b) > perSecond(a) ? b : a), rates[0] ?? audioGrid);
  return rates.find((rate) => perSecond(rate) > 0.99 * perSecond(highest)) ?? audioGrid;
}

/** At least one frame. */
export function crossfadeFrames(
  clips: readonly ProbedClip[],
  { crossfade }: Pick<Encoding, 'crossfade'>,
  { num, den }: Fraction,
): number {
  return crossfade === undefined || clips.length === 1 ? 0 : Math.max(1, Math.round((crossfade * num) / den));
}

/** @throws RefusedError `clip-range` */
export function placeClips(
  clips: readonly ProbedClip[],
  { num, den }: Fraction,
  fadeFrames: number,
): PlacedClip[] {
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

/** What is of one clip, and between them what is of two. */
export function clipRanges(placed: readonly PlacedClip[], fadeFrames: number) {
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

/** A clip lasts as long as its video, if `to` does not end it. */
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
