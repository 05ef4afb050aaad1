import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureFfmpegVersion } from '../../../scripts/setup/ffmpeg/versions.mjs';
import { vmafTargets } from '../../../worker/src/plan/quality.ts';
import type { Bench, BenchOptions, Goal } from '../lib/bench.ts';
import { settled } from '../lib/slots.ts';
import {
  againstPeer,
  crfTable,
  type FilmFigures,
  finer,
  geometricMean,
  mean,
  presetFigures,
  rungFigures,
  trialFigures,
} from './analysis.ts';
import { type RawFilm, rawFilms } from './films.ts';
import { openMeasurer } from './measure.ts';
import { measureFilm } from './measure-film.ts';
import { againstOneCrf, farthestFromTarget } from './own-crf-figures.ts';
import { writePage } from './page.ts';
import { peers } from './peers.ts';
import { anchorPreset, compared, noFlag, renditionNames, topRuns, trials } from './runs.ts';
import { writeTable } from './write-table.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const cache = join(root, 'node_modules', '.cache', 'quality');

const pinnedFfmpeg = () => ensureFfmpegVersion(root, '9.0').ffmpeg;

export const quality: Bench = {
  what: "bits of the default preset and quality over those of peers' defaults at their VMAF: the peer that is closest",
  goal: 0.8,
  async run(options) {
    const raw = await rawFilms(pinnedFfmpeg(), join(cache, 'films'), options.films);
    const films = await measureFilms(raw, options.log);
    if (options.write) {
      const today = new Date().toISOString().slice(0, 10);
      await writeTable(films, root, today);
      await writePage(films, raw, root, today);
    }
    const table = crfTable(films, anchorPreset);
    options.log(
      `CRF of ${anchorPreset}: ${Object.entries(table)
        .map(([name, crf]) => `${name} ${crf}`)
        .join(', ')}`,
    );
    const names = renditionNames(raw);
    for (const rung of rungFigures(films, anchorPreset, { names, crf: table.standard }))
      options.log(
        `${rung.name} with CRF ${table.standard}: VMAF ${rung.vmaf.toFixed(1)}, ${rung.ceiling.toFixed(1)} without loss; with CRF ${table.standard - finer} the rendition above looks better for the same bits in ${rung.betterAbove} of ${rung.films} films`,
      );
    const more: Record<string, number> = {};
    for (const preset of Object.keys(topRuns).filter((name) => name !== anchorPreset)) {
      const { shift, bitRatio, cpuRatio } = presetFigures(films, preset, anchorPreset);
      options.log(
        `${preset}: CRF ${shift >= 0 ? '+' : ''}${shift.toFixed(1)} for the same VMAF, ${bitRatio.toFixed(3)} of the bits, ${cpuRatio.toFixed(2)} of the CPU time of ${anchorPreset}`,
      );
      more[`bits of ${preset} over ${anchorPreset} (BD-rate + 1)`] = bitRatio;
    }
    for (const flag of Object.keys(trials)) {
      const { bitRatio, cpuRatio } = trialFigures(films, flag, noFlag, anchorPreset);
      options.log(
        `${flag}: ${bitRatio.toFixed(3)} of the bits at the same VMAF, ${cpuRatio.toFixed(2)} of the CPU time`,
      );
    }
    const { withinTolerance, sameWorst } = againstOneCrf(films, anchorPreset);
    for (const { condition, bitRatio } of [withinTolerance, sameWorst])
      more[`bits with a CRF for each film over one CRF for all: ${condition}`] = bitRatio;
    const closest = comparePeers(films, options.log);
    return { ratio: closest, more, goals: ownCrfGoals(films, options.log) };
  },
};

async function measureFilms(films: readonly RawFilm[], log: BenchOptions['log']): Promise<FilmFigures[]> {
  const measurer = await openMeasurer(pinnedFfmpeg(), join(cache, 'measured'));
  return settled(films.map((film) => measureFilm(film, measurer, log)));
}

/** @returns the largest ratio of bits to a peer, each with the preset that takes the fewest bits at no more CPU than the peer's */
function comparePeers(films: readonly FilmFigures[], log: BenchOptions['log']): number {
  const ratios = peers.map(({ name }) => {
    const ours = compared.map((preset) => {
      const figures = againstPeer(films, name, preset);
      const bits = geometricMean(figures.map(({ bitRatio }) => bitRatio));
      const cpu = geometricMean(figures.map(({ cpuRatio }) => cpuRatio));
      const vmaf = mean(figures.map((each) => each.vmaf));
      log(
        `${name} (VMAF ${vmaf.toFixed(1)} over ${figures.length} films): ${preset} takes ${bits.toFixed(2)} of its bits, ${cpu.toFixed(2)} of its CPU time`,
      );
      return { bits, cpu };
    });
    const able = ours.filter(({ cpu }) => cpu <= 1.05);
    return Math.min(...(able.length > 0 ? able : ours).map(({ bits }) => bits));
  });
  return Math.max(...ratios);
}

/** What the table that is in use gives, and a CRF for each film. */
function ownCrfGoals(films: readonly FilmFigures[], log: BenchOptions['log']): Goal[] {
  const shown = (of: keyof FilmFigures['ownCrf']) =>
    films
      .map(({ name, ownCrf }) => `${name} ${ownCrf[of].vmaf.mean.toFixed(1)} (${ownCrf[of].crf})`)
      .join(', ');
  log(`VMAF with the table's CRF: ${shown('ofTable')}`);
  log(`VMAF with a CRF for each film: ${shown('own')}`);
  const farthest = farthestFromTarget(films);
  log(
    `farthest from VMAF ${vmafTargets.standard} with the table's CRF: ${farthest.ofTable.toFixed(1)} points`,
  );
  return [
    {
      what: `farthest from VMAF ${vmafTargets.standard} with a CRF for each film, points`,
      value: farthest.own,
      goal: 2,
    },
    {
      what: 'bits with a CRF for each film over one CRF for all, at equal mean VMAF',
      value: againstOneCrf(films, anchorPreset).sameMean.bitRatio,
      goal: 0.9,
    },
  ];
}
