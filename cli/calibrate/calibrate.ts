import { atCrf, type CrfPoint, crfFor } from '../../tools/bench/quality/analysis.ts';
import type { RawFilm } from '../../tools/bench/quality/films.ts';
import type { Measurer } from '../../tools/bench/quality/measure.ts';
import { renditionsOf, workerEncode } from '../../tools/bench/quality/runs.ts';
import type { OwnQuality } from '../../worker/src/plan/own-quality.ts';
import type { VideoEncoder } from '../../worker/src/plan/plan.ts';
import { type Quality, qualityNames, vmafTargets } from '../../worker/src/plan/quality.ts';
import { UserError } from '../errors.ts';

type EncoderName = VideoEncoder['name'];

/** x264's CRFs and NVENC's CQs that are tried: what films look like between them is interpolated. */
const tried: Readonly<Record<EncoderName, readonly number[]>> = {
  x264: [16, 21, 26, 32],
  nvenc: [18, 24, 30, 36],
};

/** Half a point is as much as two films of a kind differ by; NVENC takes whole numbers. */
const step: Readonly<Record<EncoderName, number>> = { x264: 0.5, nvenc: 1 };

export interface Calibration {
  table: NonNullable<OwnQuality[EncoderName]>;
  /** Targets that films reach only beyond what was tried. */
  notes: string[];
}

/**
 * Encodes the largest rendition of each film as a worker does, with each preset and some CRFs (or CQs), and finds those with which the
 * films have the VMAF of each quality, on average.
 */
export async function calibrate(
  films: readonly RawFilm[],
  encoder: EncoderName,
  presets: readonly string[],
  measurer: Measurer,
  say: (line: string) => void,
): Promise<Calibration> {
  const table: Calibration['table'] = {};
  const notes: string[] = [];
  for (const preset of presets) {
    const curves: CrfPoint[][] = [];
    for (const film of films) {
      const curve = await curveOf(film, { name: encoder, preset }, measurer);
      curves.push(curve);
      say(
        `${film.name}, ${preset}: ${curve.map(({ crf, vmaf }) => `${crf}: VMAF ${vmaf.mean.toFixed(1)}`).join(', ')}`,
      );
    }
    const found = valuesOf(curves, encoder);
    table[preset] = found;
    for (const quality of qualityNames)
      if (found[quality] <= least(encoder) || found[quality] >= most(encoder))
        notes.push(
          `${preset}, ${quality}: VMAF ${vmafTargets[quality]} lies beyond what was tried, so ${found[quality]} is a guess`,
        );
  }
  return { table, notes };
}

async function curveOf(film: RawFilm, encoder: VideoEncoder, measurer: Measurer): Promise<CrfPoint[]> {
  const [largest] = renditionsOf(film);
  if (largest === undefined) throw new TypeError('A film has a rendition.');
  const points: CrfPoint[] = [];
  for (const crf of tried[encoder.name])
    points.push({
      crf,
      ...(await measurer.measure(film, workerEncode(film, largest, { encoder, quality: crf }))),
    });
  return points;
}

/** @throws UserError where the films say nothing: VMAF does not fall from one number to the next */
export function valuesOf(
  curves: readonly (readonly CrfPoint[])[],
  encoder: EncoderName,
): Record<Quality, number> {
  const falls = (points: readonly CrfPoint[]) =>
    vmafAtEnd(points, least(encoder)) > vmafAtEnd(points, most(encoder));
  if (!curves.every(falls))
    throw new UserError(
      'A film looks the same however it is encoded, so it says nothing. Use films with a picture that moves.',
    );
  const value = (quality: Quality) => {
    const rounded = Math.round(crfFor(curves, vmafTargets[quality]) / step[encoder]) * step[encoder];
    return Math.min(most(encoder), Math.max(least(encoder), rounded));
  };
  return { saver: value('saver'), standard: value('standard'), high: value('high') };
}

const vmafAtEnd = (points: readonly CrfPoint[], crf: number) => atCrf(points, crf, ({ vmaf }) => vmaf.mean);

const least = (encoder: EncoderName) => Math.min(...tried[encoder]);
const most = (encoder: EncoderName) => Math.max(...tried[encoder]);
