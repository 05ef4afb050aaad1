import type { VideoStream } from '../probe/media.ts';
import { isRgb, planColours } from './colours.ts';
import type { Colours, FitPlan } from './plan.ts';
import { displaySize } from './sizes.ts';

const hd: Colours = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709' };

/** Gamuts that are clearly wider than BT.709's; those of BT.601 are so near that no conversion is seen. */
const wide = /^(bt2020|smpte431|smpte432)$/;

/** The colours of a film of several clips: their own where all have the same, else BT.709. */
export function joinedColours(videos: readonly VideoStream[]): Colours {
  const all = videos.map(coloursOf);
  const [first = hd] = all;
  return all.every((colours) => isSame(colours, first)) ? first : hd;
}

/** What makes the film's colours of a clip's: filters after its own, and the matrix that scaling converts from. */
export function clipColours(
  video: VideoStream,
  film: Colours,
): { filters: string[]; fromMatrix?: Pick<FitPlan, 'fromMatrix'> } {
  const own = coloursOf(video);
  if (isSame(own, film) || isRgb(video)) return { filters: [] };
  if (!wide.test(own.primaries)) return { filters: [], fromMatrix: { fromMatrix: own.matrix } };
  const range = video.colorRange === 'pc' || video.pixelFormat.startsWith('yuvj') ? 'pc' : 'tv';
  return {
    filters: [
      // zscale fails where the file leaves one out, and refuses odd sizes.
      'crop=trunc(iw/2)*2:trunc(ih/2)*2',
      `setparams=color_primaries=${own.primaries}:color_trc=bt709:colorspace=${own.matrix}:range=${range}`,
      'zscale=p=bt709:t=bt709:m=bt709:r=tv',
      'format=yuv420p',
    ],
  };
}

function coloursOf(video: VideoStream): Colours {
  return planColours(video, displaySize(video));
}

function isSame(a: Colours, b: Colours): boolean {
  return a.primaries === b.primaries && a.transfer === b.transfer && a.matrix === b.matrix;
}
