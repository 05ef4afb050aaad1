import { vmafTargets } from '../../../worker/src/plan/quality.ts';
import { bitsAt, type CrfPoint, crfFor, type FilmFigures, geometricMean, mean } from './analysis.ts';
import type { OwnCrf } from './own-crf.ts';

/** How far the film that is farthest from the VMAF of `standard` is from it, with the CRF of the table and with a CRF for each film. */
export function farthestFromTarget(films: readonly FilmFigures[]): { ofTable: number; own: number } {
  const farthest = (of: keyof OwnCrf) =>
    Math.max(...films.map(({ ownCrf }) => Math.abs(ownCrf[of].vmaf.mean - vmafTargets.standard)));
  return { ofTable: farthest('ofTable'), own: farthest('own') };
}

/** How far a film may be from the VMAF of `standard` and still look as it should. */
const tolerance = 2;

/** A CRF for each film against one CRF for all films. */
export interface OneCrf {
  /** What the one CRF has to do. */
  condition: string;
  /** The highest that does it. */
  crf: number;
  /** Bits of all films, each with its own CRF, over those of all films with the one. */
  bitRatio: number;
  /** The same of a film, as the geometric mean over films: the most expensive film counts as much as any other. */
  filmBitRatio: number;
}

/**
 * What a CRF for each film saves depends on what one CRF for all would have to do. At the same mean, it may leave films with grain and water far below the
 * target; the other conditions forbid that.
 */
export function againstOneCrf(
  films: readonly FilmFigures[],
  anchor: string,
): { sameMean: OneCrf; withinTolerance: OneCrf; sameWorst: OneCrf; sameFifthPercentile: OneCrf } {
  const curves = films.map(({ top, ownCrf }) => withPoint(top[anchor] ?? [], ownCrf.own));
  const own = films.map(({ ownCrf }) => ownCrf.own);
  const against = (condition: string, crf: number): OneCrf => {
    const one = curves.map((points) => bitsAt(points, crf));
    return {
      condition,
      crf,
      bitRatio: mean(own.map(({ bitsPerSecond }) => bitsPerSecond)) / mean(one),
      filmBitRatio: geometricMean(own.map(({ bitsPerSecond }, n) => bitsPerSecond / (one[n] ?? Number.NaN))),
    };
  };
  const everyFilmAt = (vmaf: number) => Math.min(...curves.map((points) => crfFor([points], vmaf)));
  const worst = Math.min(...own.map(({ vmaf }) => vmaf.mean));
  const least = vmafTargets.standard - tolerance;
  const worstFifth = Math.min(...own.map(({ vmaf }) => vmaf.fifthPercentile));
  const fifthCurves = curves.map((points) =>
    points.map((point) => ({ ...point, vmaf: { ...point.vmaf, mean: point.vmaf.fifthPercentile } })),
  );
  return {
    sameMean: against(
      'the same mean VMAF over the films',
      crfFor(curves, mean(own.map(({ vmaf }) => vmaf.mean))),
    ),
    withinTolerance: against(
      `every film within ${tolerance} points of VMAF ${vmafTargets.standard}, or above`,
      everyFilmAt(least),
    ),
    sameWorst: against(
      `no film below the worst of those with their own CRF (VMAF ${worst.toFixed(1)})`,
      everyFilmAt(worst),
    ),
    sameFifthPercentile: against(
      `no film whose worst twentieth of frames is below those of the worst (VMAF ${worstFifth.toFixed(1)})`,
      Math.min(...fifthCurves.map((points) => crfFor([points], worstFifth))),
    ),
  };
}

/** The curve with one more point that was measured: a film's own CRF may lie beyond the others. */
function withPoint(points: readonly CrfPoint[], own: CrfPoint): CrfPoint[] {
  return [...points.filter(({ crf }) => crf !== own.crf), own];
}
