import type { VideoStream } from '../probe/media.ts';
import { allRungs, pixelExponent, type Rung } from './ladder.ts';

export interface Size {
  width: number;
  height: number;
}

export interface SizedRung extends Rung, Size {}

/** A rung with more than this share of the pixels of the one above it is hardly smaller, and is left out. */
const nextPixels = 1 / 1.5;

/** By so much a film may be larger than its box: 854x480 and 1920x1088 are, by a rounding and by half a macroblock. */
const boxSlack = 0.01;

/** Shorter sides than this are of no use below the film's own size, and NVENC refuses them. */
const smallestSide = 50;

/** Size as a viewer sees it, not rounded: pixels made square by changing the width, as players do, then turned. */
export function displaySize(video: Pick<VideoStream, 'width' | 'height' | 'pixelAspect' | 'rotation'>): Size {
  const width = (video.width * video.pixelAspect.num) / video.pixelAspect.den;
  return video.rotation % 180 === 0
    ? { width, height: video.height }
    : { width: video.height, height: width };
}

/**
 * The renditions' sizes, the largest first, all of one shape and of even sizes. The largest is the film's own size, or
 * what the ladder's largest box holds of it; it is named by the smallest box that it fits. Below it come the rungs of the
 * ladder that are clearly smaller.
 */
export function sizeRungs(film: Size, ladder: readonly Rung[]): SizedRung[] {
  const sized: SizedRung[] = [topRung(film, ladder)];
  for (const rung of ladder) {
    if (fits(film, rung)) continue;
    const size = evenSize(film, scaleToFit(film, rung));
    if (Math.min(size.width, size.height) < smallestSide) continue;
    if (area(size) <= nextPixels * area(sized.at(-1))) sized.push({ ...rung, ...size });
  }
  return sized;
}

function topRung(film: Size, ladder: readonly Rung[]): SizedRung {
  const boxes = ladder.filter((rung) => fits(film, rung));
  const [largest] = ladder;
  // The smallest of the ladder's boxes that holds the film; a film that none of them holds is scaled down.
  const box = boxes.at(-1) ?? largest;
  if (!box) throw new TypeError('A ladder has at least one rung.');
  if (boxes.length === 0) return { ...box, ...evenSize(film, scaleToFit(film, box)) };
  const named = allRungs.findLast((rung) => fits(film, rung)) ?? box;
  const bitrate = Math.round(box.bitrate * (named.shortSide / box.shortSide) ** (2 * pixelExponent));
  return { ...named, bitrate, ...evenSize(film, 1) };
}

function fits(film: Size, rung: Rung): boolean {
  return scaleToFit(film, rung) >= 1 - boxSlack;
}

/** By how much the film is to be scaled to fill the rung's box; above 1 it would be enlarged. */
function scaleToFit(film: Size, { shortSide }: Rung): number {
  const [short, long] = [Math.min(film.width, film.height), Math.max(film.width, film.height)];
  return Math.min(shortSide / short, (shortSide * 16) / 9 / long);
}

/** H.264 in 4:2:0 needs even sizes. Rounded to the nearest, but not above the film's own. */
function evenSize(film: Size, scale: number): Size {
  return { width: even(film.width * scale, film.width), height: even(film.height * scale, film.height) };
}

function area(size: Size | undefined): number {
  return size ? size.width * size.height : 0;
}

function even(side: number, most: number): number {
  const rounded = 2 * Math.round(side / 2);
  return Math.max(2, rounded > most ? rounded - 2 : rounded);
}
