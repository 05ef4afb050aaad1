import { type Quality, qualityNames, vmafTargets } from '../../../worker/src/plan/quality.ts';
import { bdRate, bitsAtQuality, pchip, type RatePoint } from './bd-rate.ts';
import type { Measurement } from './measure.ts';
import type { OwnCrf } from './own-crf.ts';

/** An encode with a CRF. */
export interface CrfPoint extends Measurement {
  crf: number;
}

/** All that was measured of a film. */
export interface FilmFigures {
  name: string;
  /** Of the largest rendition, by preset. */
  top: Readonly<Record<string, readonly CrfPoint[]>>;
  /** Of the smaller ones, with the anchor's preset, by name. */
  rungs: Readonly<Record<string, readonly CrfPoint[]>>;
  peers: Readonly<Record<string, Measurement>>;
  /** By the flags that were tried, with the anchor's preset. */
  trials: Readonly<Record<string, Measurement>>;
  ownCrf: OwnCrf;
}

export const rates = (points: readonly Measurement[]): RatePoint[] =>
  points.map(({ bitsPerSecond, vmaf }) => ({ bitsPerSecond, quality: vmaf.mean }));

/** VMAF, or the logarithm of bits or CPU seconds, at a CRF between those that were measured; beyond them the line goes on straight. */
export function atCrf(points: readonly CrfPoint[], crf: number, of: (point: CrfPoint) => number): number {
  const sorted = points.toSorted((a, b) => a.crf - b.crf);
  const x = sorted.map((point) => point.crf);
  const y = sorted.map(of);
  const [first = 0, last = 0] = [x[0], x.at(-1)];
  if (crf >= first && crf <= last) return pchip(x, y)(crf);
  const [from, to] = crf < first ? [0, 1] : [x.length - 2, x.length - 1];
  const at = (list: readonly number[], n: number) => list[n] as number;
  return at(y, from) + ((crf - at(x, from)) * (at(y, to) - at(y, from))) / (at(x, to) - at(x, from));
}

export const vmafAt = (points: readonly CrfPoint[], crf: number) =>
  Math.min(
    100,
    atCrf(points, crf, ({ vmaf }) => vmaf.mean),
  );

export const bitsAt = (points: readonly CrfPoint[], crf: number) =>
  Math.exp(atCrf(points, crf, ({ bitsPerSecond }) => Math.log(bitsPerSecond)));

const cpuAt = (points: readonly CrfPoint[], crf: number) =>
  atCrf(points, crf, ({ cpuSeconds }) => cpuSeconds);

/** A CRF for each film may lie 7 below that of `high`. */
const crfRange = { from: 10, to: 36 };

/** The CRF at which films have a VMAF, on average: VMAF falls with it, so the range is halved until it is known. */
export function crfFor(films: readonly (readonly CrfPoint[])[], target: number): number {
  let [from, to] = [crfRange.from, crfRange.to];
  while (to - from > 0.01) {
    const middle = (from + to) / 2;
    if (mean(films.map((points) => vmafAt(points, middle))) >= target) from = middle;
    else to = middle;
  }
  return from;
}

/** CRFs of the anchor's preset by quality, for the largest rendition. */
export function crfTable(films: readonly FilmFigures[], anchor: string): Record<Quality, number> {
  const curves = films.map(({ top }) => top[anchor] ?? []);
  const crf = (quality: Quality) => Math.round(crfFor(curves, vmafTargets[quality]) * 2) / 2;
  return { saver: crf('saver'), standard: crf('standard'), high: crf('high') };
}

/** A smaller rendition with the CRF of the largest, on average over the films that have it. */
export interface RungFigures {
  name: string;
  vmaf: number;
  /** What scaling alone leaves. */
  ceiling: number;
  bitsPerSecond: number;
  /** Of the films, those in which the rendition above it looks better with the bits that this one takes at `finer` less CRF. */
  betterAbove: number;
  films: number;
}

/** So much less CRF as the smaller rendition would be given to come closer to the picture. */
export const finer = 5;

/** @param names of the renditions, the largest first */
export function rungFigures(
  films: readonly FilmFigures[],
  anchor: string,
  { names, crf }: { names: readonly string[]; crf: number },
): RungFigures[] {
  const curveOf = (film: FilmFigures, n: number) =>
    (n === 0 ? film.top[anchor] : film.rungs[names[n] ?? '']) ?? [];
  return names.slice(1).map((name, index) => {
    const having = films.filter(({ rungs }) => rungs[name] !== undefined);
    const curves = having.map((film) => curveOf(film, index + 1));
    const better = having.filter((film) => {
      const [own, above] = [curveOf(film, index + 1), curveOf(film, index)];
      return vmafWith(above, bitsAt(own, crf - finer)) > vmafAt(own, crf - finer);
    });
    return {
      name,
      vmaf: mean(curves.map((points) => vmafAt(points, crf))),
      ceiling: mean(curves.map((points) => Math.max(...points.map(({ vmaf }) => vmaf.mean)))),
      bitsPerSecond: mean(curves.map((points) => bitsAt(points, crf))),
      betterAbove: better.length,
      films: having.length,
    };
  });
}

/** VMAF with so many bits. */
function vmafWith(points: readonly CrfPoint[], bits: number): number {
  let [from, to] = [crfRange.from, 51];
  while (to - from > 0.01) {
    const middle = (from + to) / 2;
    if (bitsAt(points, middle) > bits) from = middle;
    else to = middle;
  }
  return vmafAt(points, to);
}

/** What a preset comes to against the anchor at the VMAF of `standard`, over all films. */
export function presetFigures(films: readonly FilmFigures[], preset: string, anchor: string) {
  const pairs = films.flatMap(({ top }) => (top[preset] && top[anchor] ? [[top[preset], top[anchor]]] : []));
  const shifts = qualityNames.map(
    (quality) =>
      crfFor(
        pairs.map(([own]) => own as CrfPoint[]),
        vmafTargets[quality],
      ) -
      crfFor(
        pairs.map(([, other]) => other as CrfPoint[]),
        vmafTargets[quality],
      ),
  );
  const shift = mean(shifts);
  const deltas = pairs.flatMap(([own = [], other = []]) => bdRate(rates(other), rates(own)) ?? []);
  // At equal quality each film has its own CRF.
  const cpu = pairs.map(([own = [], other = []]) => {
    const crf = crfFor([other], vmafTargets.standard);
    return cpuAt(own, crf + shift) / cpuAt(other, crf);
  });
  return {
    shift,
    bitRatio: geometricMean(deltas.map((delta) => 1 + delta)),
    cpuRatio: geometricMean(cpu),
  };
}

/** A peer's encode, and what it takes here to look the same. */
export interface PeerFigures {
  film: string;
  vmaf: number;
  bitRatio: number;
  cpuRatio: number;
}

/** VMAF ends at 100: above this, more bits change nothing that could be compared. */
const saturated = 99;

/** Bits and CPU time with a flag over those of an encode without it, both held against the curve at their own VMAF. */
export function trialFigures(films: readonly FilmFigures[], flag: string, without: string, anchor: string) {
  const overCurve = (curve: readonly CrfPoint[], tried: Measurement | undefined) => {
    if (tried === undefined) return undefined;
    const bits = bitsAtQuality(rates(curve), tried.vmaf.mean);
    return bits === undefined ? undefined : tried.bitsPerSecond / bits;
  };
  const ratios = films.flatMap(({ top, trials }) => {
    const curve = top[anchor] ?? [];
    const [tried, base] = [overCurve(curve, trials[flag]), overCurve(curve, trials[without])];
    const cpu = (trials[flag]?.cpuSeconds ?? 0) / (trials[without]?.cpuSeconds ?? 1);
    return tried === undefined || base === undefined ? [] : [{ bits: tried / base, cpu }];
  });
  return {
    bitRatio: geometricMean(ratios.map(({ bits }) => bits)),
    cpuRatio: geometricMean(ratios.map(({ cpu }) => cpu)),
  };
}

/** Films whose peer's quality was not reached here, or is beyond what VMAF distinguishes, are left out. */
export function againstPeer(films: readonly FilmFigures[], peer: string, preset: string): PeerFigures[] {
  return films.flatMap(({ name, top, peers }) => {
    const [theirs, ours] = [peers[peer], top[preset]];
    if (!theirs || !ours || theirs.vmaf.mean > saturated) return [];
    const bits = bitsAtQuality(rates(ours), theirs.vmaf.mean);
    if (bits === undefined) return [];
    const crf = crfFor([ours], theirs.vmaf.mean);
    return [
      {
        film: name,
        vmaf: theirs.vmaf.mean,
        bitRatio: bits / theirs.bitsPerSecond,
        cpuRatio: cpuAt(ours, crf) / theirs.cpuSeconds,
      },
    ];
  });
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map(Math.log)));
}
