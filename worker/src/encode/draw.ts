import type { ImageLayer, OverlayPlan } from '../plan/overlay-plan.ts';
import type { VideoPlan } from '../plan/plan.ts';
import { seconds } from './seconds.ts';

/** Names of what is drawn with, as `prepareOverlays` writes it. */
export const overlayFiles = {
  /** Beside the working directories of ffmpeg. */
  folder: 'overlays',
  fonts: 'fonts',
  fontConfig: 'fonts.conf',
  texts: (layer: number) => `${layer}.ass`,
  image: (layer: number) => `${layer}.png`,
} as const;

/** Seen from ffmpeg's working directory. */
export const overlayFolder = `../${overlayFiles.folder}`;

/** A fade of an image has this many steps. */
const fadeSteps = 25;

/** Before and after every film, in seconds of its time. */
const [longBefore, longAfter] = [-10_000, 1_000_000];

/**
 * Continues a chain of filters whose frames are the largest rendition's: draws texts and images on them.
 *
 * While it draws, frames have film time. So what is drawn on a frame follows from its time alone, to the last bit, whatever
 * part it is in: a part's own times are shifted back after that.
 * @param zeroSeconds film time of the run's zero
 */
export function draw(video: VideoPlan, zeroSeconds: number): string {
  const { overlays } = video;
  if (overlays === undefined) return '';
  // In the first part too: `setpts` forgets the frame rate, and all parts must begin with the same header.
  const shift = (sign: '+' | '-') => `,setpts=PTS${sign}round(${seconds(zeroSeconds)}/TB)`;
  return [shift('+'), ...overlays.layers.map((layer, n) => drawLayer(layer, n, video)), shift('-')].join('');
}

function drawLayer(layer: OverlayPlan['layers'][number], n: number, video: VideoPlan): string {
  if (layer.kind === 'texts') {
    const files = `filename=${overlayFolder}/${overlayFiles.texts(n)}:fontsdir=${overlayFolder}/${overlayFiles.fonts}`;
    return `,ass=${files}:shaping=complex`;
  }
  const [film, image] = [`[under${n}]`, `[image${n}]`];
  return `${film};${imageFrames(layer, n, video)}${image};${film}${image}${overImage(layer)}`;
}

/**
 * An image as a stream: a frame for each step of its fades, at the step's time, and transparent ones long before and long
 * after, so that every frame of the film has one to go with and the stream never ends before the film. A frame before the
 * part is skipped, so no part begins with another one than it should.
 */
function imageFrames({ show }: ImageLayer, n: number, { colours }: VideoPlan): string {
  const { fromSeconds, toSeconds, motionSeconds } = show;
  const [comes, goes] = [show.in.fades ? fadeSteps : 1, show.out.fades ? fadeSteps : 1];
  const last = comes + (toSeconds === undefined ? 0 : goes);
  const step = (steps: number) => seconds(motionSeconds / steps);
  const coming = `${seconds(fromSeconds)}+(N-1)*${step(comes)}`;
  const to = toSeconds ?? longAfter;
  const going = show.out.fades ? `${seconds(to - motionSeconds)}+(N-${comes})*${step(goes)}` : seconds(to);
  const times = `if(eq(N,0),${longBefore},if(lte(N,${comes}),${coming},if(lte(N,${last}),${going},${longAfter})))`;
  const { primaries, transfer, matrix } = colours;
  return [
    `movie=filename=${overlayFolder}/${overlayFiles.image(n)}`,
    `scale=out_color_matrix=${matrix}:out_range=tv`,
    'format=yuva420p',
    `setparams=color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}:range=tv`,
    `loop=loop=${last + 1}:size=1`,
    // The first frame of a fade has nothing of it yet.
    `fade=t=in:start_frame=0:nb_frames=${comes}:alpha=1`,
    ...(toSeconds === undefined ? [] : [`fade=t=out:start_frame=${comes}:nb_frames=${goes}:alpha=1`]),
    'settb=1/1000000',
    `setpts='(${times})/TB'`,
  ].join(',');
}

function overImage({ x, y, show }: ImageLayer): string {
  const moves = [show.in, show.out].some(({ dx, dy }) => dx !== 0 || dy !== 0);
  const place = moves
    ? `x='${way(x, show, 'dx')}':y='${way(y, show, 'dy')}':eval=frame`
    : `x=${x}:y=${y}:eval=init`;
  return `overlay=${place}:format=yuv420:shortest=1`;
}

/** Whole pixels. The fraction keeps a rounded sum from lying on the edge between two. */
function way(
  at: number,
  { fromSeconds, toSeconds, motionSeconds, ...show }: ImageLayer['show'],
  axis: 'dx' | 'dy',
): string {
  const share = (startSeconds: number) => `clip((t-${seconds(startSeconds)})/${seconds(motionSeconds)},0,1)`;
  const comes = `${-show.in[axis]}*(1-${share(fromSeconds)})`;
  const goes = toSeconds === undefined ? '0' : `${show.out[axis]}*${share(toSeconds - motionSeconds)}`;
  return `floor(${at}+(${comes})+(${goes})+0.37)`;
}
