import type { VideoRendition } from '../../../worker/src/plan/plan.ts';
import { vmafTargets } from '../../../worker/src/plan/quality.ts';
import type { BenchOptions } from '../lib/bench.ts';
import { settled } from '../lib/slots.ts';
import { type CrfPoint, type FilmFigures, rates } from './analysis.ts';
import { bitsAtQuality } from './bd-rate.ts';
import type { RawFilm } from './films.ts';
import type { Encode, Measurer } from './measure.ts';
import { measureOwnCrf } from './own-crf.ts';
import { isWithinReach, peers } from './peers.ts';
import {
  anchorPreset,
  compared,
  renditionsOf,
  rungRuns,
  topRuns,
  trialCrf,
  trials,
  workerEncode,
  x264With,
} from './runs.ts';

/**
 * Measures all that is asked of a film. The encodes of a step are asked for at once, and the measurer makes them as it has room; later steps find
 * encodes of earlier ones done.
 */
export async function measureFilm(
  film: RawFilm,
  measurer: Measurer,
  log: BenchOptions['log'],
): Promise<FilmFigures> {
  const [largest, ...smaller] = renditionsOf(film);
  if (largest === undefined) throw new TypeError('A film has a rendition.');
  const at = async (crf: number, encode: Encode): Promise<CrfPoint> => ({
    crf,
    ...(await measurer.measure(film, encode)),
  });
  const curve = (rendition: VideoRendition, preset: string, crfs: readonly number[]) =>
    settled(
      crfs.map((quality) =>
        at(quality, workerEncode(film, rendition, { encoder: x264With(preset), quality })),
      ),
    );
  const top = await each(Object.entries(topRuns), (crfs, preset) => curve(largest, preset, crfs));
  logCurve(film.name, top, log);
  const rungs = await each(
    smaller.map((rendition) => [rendition.name, rendition] as const),
    (rendition) => curve(rendition, anchorPreset, rungRuns),
  );
  const ourBits = compared.flatMap((preset) => (top[preset] ?? []).map(({ bitsPerSecond }) => bitsPerSecond));
  // Their commands are of 1080p.
  const within = largest.name === '1080p' ? peers.filter((peer) => isWithinReach(peer, ourBits)) : [];
  const { width, height } = film;
  const measured = await each(
    within.map((peer) => [peer.name, peer] as const),
    ({ passes }) => measurer.measure(film, { passes: passes(film), width, height }),
  );
  const tried = await each(Object.entries(trials), (more) =>
    at(trialCrf, workerEncode(film, largest, { encoder: x264With(anchorPreset), quality: trialCrf, more })),
  );
  const ownCrf = await measureOwnCrf(film, measurer);
  return { name: film.name, top, rungs, peers: measured, trials: tried, ownCrf };
}

/** What `work` makes of each, by its name. */
async function each<T, R>(
  named: readonly (readonly [string, T])[],
  work: (item: T, name: string) => Promise<R>,
): Promise<Record<string, R>> {
  return Object.fromEntries(
    await settled(named.map(async ([name, item]) => [name, await work(item, name)] as const)),
  );
}

function logCurve(name: string, top: FilmFigures['top'], log: BenchOptions['log']): void {
  const curve = top[anchorPreset] ?? [];
  const shown = curve.map(
    ({ crf, vmaf, bitsPerSecond }) =>
      `CRF ${crf}: ${vmaf.mean.toFixed(1)} (5th percentile ${vmaf.fifthPercentile.toFixed(1)}), ${(bitsPerSecond / 1e6).toFixed(2)} Mb/s`,
  );
  log(`${name}, ${anchorPreset}: ${shown.join('; ')}`);
  const target = vmafTargets.standard;
  const [own, other] = [curve, top.medium ?? []].map((points) => bitsAtQuality(rates(points), target));
  log(`${name}, bits at VMAF ${target}: ${megabits(own)}, medium ${megabits(other)}`);
}

function megabits(bits: number | undefined): string {
  return bits === undefined ? 'out of reach' : `${(bits / 1e6).toFixed(2)} Mb/s`;
}
