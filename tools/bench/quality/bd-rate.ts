/** What an encode came to: its bits a second, and the quality that they gave. */
export interface RatePoint {
  bitsPerSecond: number;
  quality: number;
}

/**
 * Bjøntegaard's delta of rate: by what share `test` needs more (or, below zero, fewer) bits than `anchor` at equal quality, on
 * average over the qualities that both reach. The logarithm of the rate runs through the points by monotone piecewise cubics
 * (PCHIP), as in the common test conditions of JCT-VC (JCTVC-L1100).
 * @returns undefined where the two have no quality in common
 */
export function bdRate(anchor: readonly RatePoint[], test: readonly RatePoint[]): number | undefined {
  const [one, other] = [curveOf(anchor), curveOf(test)];
  const from = Math.max(one.from, other.from);
  const to = Math.min(one.to, other.to);
  if (!(to > from)) return undefined;
  const difference = (integral(other.at, from, to) - integral(one.at, from, to)) / (to - from);
  return Math.exp(difference) - 1;
}

/** Bits a second at a quality, undefined where the points do not reach it. */
export function bitsAtQuality(points: readonly RatePoint[], quality: number): number | undefined {
  const { from, to, at } = curveOf(points);
  return quality < from || quality > to ? undefined : Math.exp(at(quality));
}

interface Curve {
  from: number;
  to: number;
  at: (quality: number) => number;
}

function curveOf(points: readonly RatePoint[]): Curve {
  const sorted = points.toSorted((a, b) => a.quality - b.quality);
  const rising = sorted.filter((point, n) => n === 0 || point.quality > (sorted[n - 1]?.quality ?? 0));
  const x = rising.map(({ quality }) => quality);
  const y = rising.map(({ bitsPerSecond }) => Math.log(bitsPerSecond));
  return { from: x[0] ?? Number.NaN, to: x.at(-1) ?? Number.NaN, at: pchip(x, y) };
}

/** Fritsch and Carlson's monotone cubic through the points, with the end slopes of Fritsch and Butland. */
export function pchip(x: readonly number[], y: readonly number[]): (at: number) => number {
  const at = (list: readonly number[], n: number) => list[n] as number;
  const h = x.slice(1).map((value, n) => value - at(x, n));
  const slope = y.slice(1).map((value, n) => (value - at(y, n)) / at(h, n));
  if (h.length === 0) return () => at(y, 0);
  const tangent = x.map((_, n) => {
    if (h.length === 1) return at(slope, 0);
    if (n === 0) return endTangent(at(h, 0), at(h, 1), at(slope, 0), at(slope, 1));
    const last = h.length - 1;
    if (n === x.length - 1)
      return endTangent(at(h, last), at(h, last - 1), at(slope, last), at(slope, last - 1));
    const [before, after] = [at(slope, n - 1), at(slope, n)];
    if (before * after <= 0) return 0;
    const [first, second] = [2 * at(h, n) + at(h, n - 1), at(h, n) + 2 * at(h, n - 1)];
    return (first + second) / (first / before + second / after);
  });
  return (value) => {
    const n = Math.max(
      0,
      Math.min(
        h.length - 1,
        x.findLastIndex((from) => from <= value),
      ),
    );
    const t = (value - at(x, n)) / at(h, n);
    const [t2, t3] = [t * t, t * t * t];
    return (
      (2 * t3 - 3 * t2 + 1) * at(y, n) +
      (t3 - 2 * t2 + t) * at(h, n) * at(tangent, n) +
      (3 * t2 - 2 * t3) * at(y, n + 1) +
      (t3 - t2) * at(h, n) * at(tangent, n + 1)
    );
  };
}

function endTangent(h: number, next: number, slope: number, nextSlope: number): number {
  const tangent = ((2 * h + next) * slope - h * nextSlope) / (h + next);
  if (tangent * slope <= 0) return 0;
  return slope * nextSlope < 0 && Math.abs(tangent) > 3 * Math.abs(slope) ? 3 * slope : tangent;
}

const steps = 2000;

/** Simpson's rule. */
function integral(of: (value: number) => number, from: number, to: number): number {
  const width = (to - from) / steps;
  let sum = of(from) + of(to);
  for (let n = 1; n < steps; n += 1) sum += of(from + n * width) * (n % 2 === 1 ? 4 : 2);
  return (sum * width) / 3;
}
