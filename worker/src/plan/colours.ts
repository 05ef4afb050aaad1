import type { VideoStream } from '../probe/media.ts';
import type { Colours } from './plan.ts';
import type { Size } from './sizes.ts';

const hd: Colours = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709' };
const pal: Colours = { primaries: 'bt470bg', transfer: 'smpte170m', matrix: 'bt470bg' };
const ntsc: Colours = { primaries: 'smpte170m', transfer: 'smpte170m', matrix: 'smpte170m' };

/** ffmpeg's words that H.264 can say too. No other text of a film reaches a filter. */
const known = {
  primaries: words('bt709 bt470m bt470bg smpte170m smpte240m film bt2020 smpte431 smpte432'),
  transfer: words(
    'bt709 smpte170m smpte240m linear log100 log316 iec61966-2-1 iec61966-2-4 bt1361e bt2020-10 bt2020-12',
  ),
  /** The ones that swscale converts by. */
  matrix: words('bt709 fcc bt470bg smpte170m smpte240m bt2020nc bt2020c'),
};

/**
 * What all renditions say of their colours. A film that says nothing is taken for what players take it for by its
 * height; said once, so that no player guesses otherwise for a small rendition than for a large one.
 */
export function planColours(video: VideoStream, film: Size): Colours {
  if (video.hdr) return hd;
  const { colorPrimaries, colorTransfer, colorSpace } = video;
  const assumed = assumedColours(film);
  const matrix = pick(known.matrix, colorSpace);
  const system = matrix === undefined ? assumed : systemOf(matrix);
  return {
    primaries: pick(known.primaries, colorPrimaries) ?? system.primaries,
    transfer: pick(known.transfer, colorTransfer) ?? system.transfer,
    matrix: matrix ?? assumed.matrix,
  };
}

/** Whether the picture is stored as red, green and blue, so that the matrix of the renditions is ours to choose. */
export function isRgb({ pixelFormat, colorSpace }: Pick<VideoStream, 'pixelFormat' | 'colorSpace'>): boolean {
  return colorSpace === 'gbr' || /^(gbr|[xa0]?(rgb|bgr)|pal8|bayer|monob|monow)/.test(pixelFormat);
}

/** As mpv and others guess: HD from 1280 across or more than 576 down. */
function assumedColours({ width, height }: Size): Colours {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  if (long >= 1280 || short > 576) return hd;
  return short === 576 || short === 288 ? pal : ntsc;
}

function systemOf(matrix: string): Colours {
  if (matrix === 'bt470bg') return pal;
  if (matrix === 'smpte170m' || matrix === 'fcc') return ntsc;
  if (matrix.startsWith('bt2020')) return { primaries: 'bt2020', transfer: 'bt2020-10', matrix };
  if (matrix === 'smpte240m') return { primaries: 'smpte240m', transfer: 'smpte240m', matrix };
  return hd;
}

function pick(allowed: ReadonlySet<string>, word: string | undefined): string | undefined {
  return word !== undefined && allowed.has(word) ? word : undefined;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
