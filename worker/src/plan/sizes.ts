import type { VideoStream } from '../probe/media.ts';
import { allRungs, type Rung } from './ladder.ts';

export interface Size {
  width: number;
  height: number;
}

export interface SizedRung extends Rung, Size {}

/** A film that reaches this share of a rung has it, at its own size: 1912x1072 is 1080p. */
const nearlyThere = 0.95;

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
 * The renditions' sizes, the largest first: the film scaled to fit each rung's box, never enlarged, all of one shape and
 * of even sizes. A film smaller than every rung asked for has one rendition at its own size, named by the nearest rung.
 */
export function sizeRungs(film: Size, ladder: readonly Rung[]): SizedRung[] {
  const fitting = ladder.filter((rung) => scaleToFit(film, rung) <= 1 / nearlyThere);
  const sized = fitting.map((rung) => ({ ...rung, ...evenSize(film, Math.min(1, scaleToFit(film, rung))) }));
  const kept = sized.filter(
    ({ width, height }, n) =>
      n === 0 || (Math.min(width, height) >= smallestSide && width * height < area(sized[n - 1])),
  );
  return kept.length > 0 ? kept : [{ ...nearestRung(film), ...evenSize(film, 1) }];
}

/** By how much the film is to be scaled to fill the rung's box; above 1 it would be enlarged. */
function scaleToFit(film: Size, { shortSide }: Rung): number {
  const [short, long] = [Math.min(film.width, film.height), Math.max(film.width, film.height)];
  return Math.min(shortSide / short, (shortSide * 16) / 9 / long);
}

function nearestRung(film: Size): Rung {
  const distance = (rung: Rung) => Math.abs(Math.log(scaleToFit(film, rung)));
  return allRungs.reduce((best, rung) => (distance(rung) < distance(best) ? rung : best));
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
