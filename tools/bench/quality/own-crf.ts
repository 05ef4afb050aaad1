import { encoderQuality } from '../../../worker/src/plan/encoder-quality.ts';
import { shiftFor, trialShifts } from '../../../worker/src/plan/film-quality.ts';
import { vmafTargets } from '../../../worker/src/plan/quality.ts';
import type { CrfPoint } from './analysis.ts';
import type { RawFilm } from './films.ts';
import type { Measurer } from './measure.ts';
import { anchorPreset, renditionsOf, workerEncode, x264With } from './runs.ts';

/** The largest rendition with the CRF that the table in use gives, and with the one that a worker finds for the film (`perFilmQuality`). */
export interface OwnCrf {
  ofTable: CrfPoint;
  own: CrfPoint;
}

/** Does what a worker does with a film of 6 s or less: the whole of it with three CRFs, and the one that follows from them. */
export async function measureOwnCrf(film: RawFilm, measurer: Measurer): Promise<OwnCrf> {
  const encoder = x264With(anchorPreset);
  const [largest] = renditionsOf(film);
  if (largest === undefined) throw new TypeError('A film has a rendition.');
  const table = encoderQuality(encoder, 'standard');
  const at = async (crf: number): Promise<CrfPoint> => ({
    crf,
    ...(await measurer.measure(film, workerEncode(film, largest, { encoder, quality: crf }))),
  });
  const [finer, ofTable, coarser] = [
    await at(table + trialShifts[0]),
    await at(table + trialShifts[1]),
    await at(table + trialShifts[2]),
  ];
  const vmafs: [number, number, number] = [finer.vmaf.mean, ofTable.vmaf.mean, coarser.vmaf.mean];
  return { ofTable, own: await at(table + shiftFor(vmafs, vmafTargets.standard)) };
}
