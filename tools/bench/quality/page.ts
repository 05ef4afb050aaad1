import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { type Quality, qualityNames, vmafTargets } from '../../../worker/src/plan/quality.ts';
import { table } from '../../cost/markdown.ts';
import {
  againstPeer,
  bitsAt,
  crfFor,
  crfTable,
  type FilmFigures,
  finer,
  geometricMean,
  presetFigures,
  rates,
  rungFigures,
  trialFigures,
  vmafAt,
} from './analysis.ts';
import { bitsAtQuality } from './bd-rate.ts';
import type { RawFilm } from './films.ts';
import { madeFilms } from './made-films.ts';
import type { Encode } from './measure.ts';
import { filmsWithOwnCrf, measuredSection } from './measured-section.ts';
import { againstOneCrf, farthestFromTarget, type OneCrf } from './own-crf-figures.ts';
import { peers } from './peers.ts';
import { writePicture } from './pictures.ts';
import { curvesPlot } from './plot.ts';
import {
  anchorPreset,
  compared,
  formerCrf,
  noFlag,
  renditionNames,
  renditionsOf,
  topRuns,
  trialCrf,
  trials,
  workerEncode,
  x264With,
} from './runs.ts';

/** Films whose frames are shown. */
const pictured = ['head', 'water'];

/** docs/quality.md with its curves and pictures. */
export async function writePage(
  films: readonly FilmFigures[],
  raw: readonly RawFilm[],
  root: string,
  today: string,
): Promise<void> {
  const folder = join(root, 'docs', 'quality');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'curves.svg'), curvesPlot(films, compared));
  const crfs = crfTable(films, anchorPreset);
  const crf = crfs.standard;
  for (const film of raw.filter(({ name }) => pictured.includes(name)))
    await writePicture(film, [formerCrf, crf].map(encodeWith(film)), join(folder, `${film.name}.jpg`));
  await writeFile(join(root, 'docs', 'quality.md'), page(films, today, { crfs, names: renditionNames(raw) }));
}

const encodeWith =
  (film: RawFilm) =>
  (quality: number): Encode => {
    const [largest] = renditionsOf(film);
    if (largest === undefined) throw new TypeError('A film has a rendition.');
    return workerEncode(film, largest, { encoder: x264With(anchorPreset), quality });
  };

function page(
  films: readonly FilmFigures[],
  today: string,
  { crfs, names }: { crfs: Record<Quality, number>; names: readonly string[] },
): string {
  const crf = crfs.standard;
  const farthest = farthestFromTarget(films);
  const oneCrf = againstOneCrf(films, anchorPreset);
  const { bitRatio } = oneCrf.sameMean;
  const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`;
  return `# Quality

<!-- Made by \`npm run bench -- quality --write\` (tools/bench/quality/). Change it there. -->

\`quality\` (a setting, and an option of jobs) says how good films look: ${qualityNames
    .map((name) => `\`${name}\` is a VMAF of ${vmafTargets[name]}`)
    .join(', ')} of the largest rendition, on average over
measured films. x264's CRF (NVENC's CQ) follows from it by a table (\`worker/src/plan/quality-table.ts\`) for each preset, so a preset
changes what a quality costs, and not the look. From a VMAF of 93 to 95 viewers stop noticing that a film was encoded
([Ozer](https://streaminglearningcenter.com/encoding/finding-the-optimal-top-rung-data-rate.html)). The ladder's bitrates stay the caps: a film that is hard to encode has the quality that they allow.

\`\`\`sh
npm run bench -- quality                       # the made films; goes on where it was stopped
npm run bench -- quality --films FOLDER        # films of yours
npm run bench -- quality --write               # writes the table and this page
\`\`\`

Measured ${today} on ${machine}, with libvmaf (model v0.6.1) of ffmpeg 9.0.2, every fourth frame, smaller renditions scaled up to the film's size;
without the caps, as x264 stays far below a cap in a film of seconds. Figures between the CRFs that were encoded (\`tools/bench/quality/runs.ts\`) are
interpolated. CPU times are of as many encodes at once as there are cores, and hold as ratios only.

## Films

Made by ffmpeg's own sources (\`tools/bench/quality/made-films.ts\`), 1920x1080, 24 frames a second, 3 s each.

${filmTable(films, crf)}

![VMAF over bits for each film](quality/curves.svg)

One CRF does not look the same on all films: see the column "VMAF at CRF ${crf}". VMAF counts grain as detail, so films with grain or
water take many times the bits of others for the same figure, and hit their caps.

With the table's CRF the film that is farthest from VMAF ${vmafTargets.standard} is ${farthest.ofTable.toFixed(1)} points off: one CRF for all films cannot hold it. With the setting
[\`perFilmQuality\`](#a-crf-for-each-film) it is ${farthest.own.toFixed(1)} (goal 2), for ${bitRatio.toFixed(2)} of the bits that one CRF for all takes at the same mean VMAF (goal 0.9${bitRatio <= 0.9 ? '' : ', **missed**'}).
The two goals pull apart: what brings the films with grain, water and darkness up to the others is the most expensive VMAF that there is, and what the easy films
save is small beside it. Fewer bits at the same mean have a slower preset ([below](#presets)); the default's CRF of ${crf} alone, against the former ${formerCrf}, moves
along the same curve.

The mean hides films that look bad. What one CRF for all films would have to be so that none does, and what a CRF for each film takes of its bits:

${oneCrfTable(Object.values(oneCrf))}

"All bits" are those of the seven films together, most of which are those of grain and water; "a film's bits" count every film alike (the geometric mean). So
with mostly ordinary films the setting saves bits and still gives hard ones their quality; with mostly grainy ones it costs bits, and buys quality with them.

## Pictures

The film, the former default (CRF ${formerCrf}) and the new one (CRF ${crf}), a detail at its own size.

${pictured.map((name) => `![${name}: the film, CRF ${formerCrf}, CRF ${crf}](quality/${name}.jpg)`).join('\n\n')}

## The table

CRF of x264 \`${anchorPreset}\`, for all renditions: ${qualityNames.map((name) => `\`${name}\` ${crfs[name]}`).join(', ')}.

The smaller renditions have that of the largest. VMAF is that of the rendition scaled up to the film's size, on average over the films; "without
loss" is what scaling alone leaves. The last column says why they are not given more: with a CRF that is ${finer} lower, the rendition above looks
better for the same bits in so many films.

${rungTable(films, names, crf)}

NVENC's CQ is the CRF of \`${anchorPreset}\` and 4 ([published](https://github.com/ilia3101/MLV-App/issues/78), not measured here: no GPU with NVENC was at
hand).

${measuredSection(filmsWithOwnCrf(films))}
## Presets

At the same VMAF, against \`${anchorPreset}\`: what they add to the CRF, their bits (BD-rate), their CPU time.

${presetTable(films)}

Flags that were tried with \`${anchorPreset}\` at CRF ${trialCrf}, over an encode without them, at the same VMAF:

${trialTable(films)}

None is set. That is one CRF, and three seconds of seven made films; over whole curves (CRF 18, 23, 28, 33) all three together take 0.96 of the bits on
average on the made films (0.90 to 1.04), for 1.06 of the CPU time, but 2 % (bikes, 640x272), 5 %
(bunny, 720p25) and 1 % (bunny, 1080p60) *more* bits than none of them at the same VMAF on 4 s of real clips, for 1.08 to 1.16 of the CPU time. Without
\`tune film\` it is 3, 7 and 2 % more.

All renditions need their keyframes at the same times, so x264 sets none of its own (\`-sc_threshold 0\`). That saves bits too: with its own at cuts (40, the default) a film
of twelve cuts, made of three real clips at 1280x720, took 0.8 to 2.5 % more at the same VMAF (CRF 18, 21, 24, 27).

What that costs, and from how many views a preset pays: [cost.md](cost.md), and \`farm plan FILM --views N\` for a film.

## Beside others

Each peer's own command for 1080p, from its source, on the same films: what this farm takes of its bits and CPU time at the peer's own VMAF.
Films on which VMAF distinguishes no more (above 99) or that this farm did not reach are left out, as are those for which a peer's average bitrate is above all
that this farm took.

${peerTable(films)}

${peers.map(({ name, source }) => `- ${name}: ${source}`).join('\n')}

Where a peer needs fewer bits it has a slower preset (MediaCMS \`faster\`, Encore's x264 parameters are those of \`slower\` in two passes), or keyframes every
4 to 8 s where this farm has one every 2 s, which counts in films whose pictures stand still (\`text\`).
`;
}

function filmTable(films: readonly FilmFigures[], crf: number): string {
  const rows = films.map(({ name, top }) => {
    const curve = top[anchorPreset] ?? [];
    const at = (preset: string) => {
      const bits = bitsAtQuality(rates(top[preset] ?? []), vmafTargets.standard);
      return bits === undefined ? 'not reached' : `${(bits / 1e6).toFixed(2)} Mb/s`;
    };
    return [
      name,
      madeFilms.find((film) => film.name === name)?.what ?? 'given',
      vmafAt(curve, formerCrf).toFixed(1),
      vmafAt(curve, crf).toFixed(1),
      `${(bitsAt(curve, crf) / 1e6).toFixed(2)} Mb/s`,
      crfFor([curve], vmafTargets.standard).toFixed(1),
      at(anchorPreset),
      at('medium'),
    ];
  });
  const columns = [
    `VMAF at CRF ${formerCrf}:`,
    `VMAF at CRF ${crf}:`,
    `bits at CRF ${crf}:`,
    'CRF for VMAF 93:',
  ];
  return table(['film', 'what', ...columns, `${anchorPreset}, VMAF 93:`, 'medium, VMAF 93:'], rows);
}

function oneCrfTable(readings: readonly OneCrf[]): string {
  const rows = readings.map(({ condition, crf, bitRatio, filmBitRatio }) => [
    condition,
    crf.toFixed(1),
    bitRatio.toFixed(2),
    filmBitRatio.toFixed(2),
  ]);
  return table(['what the one CRF has to reach', 'it is:', 'all bits:', "a film's bits:"], rows);
}

function rungTable(films: readonly FilmFigures[], names: readonly string[], crf: number): string {
  const rows = rungFigures(films, anchorPreset, { names, crf }).map((rung) => [
    rung.name,
    rung.vmaf.toFixed(1),
    rung.ceiling.toFixed(1),
    `${(rung.bitsPerSecond / 1e6).toFixed(2)} Mb/s`,
    `${rung.betterAbove} of ${rung.films}`,
  ]);
  return table(['rendition', 'VMAF:', 'without loss:', 'bits:', 'better above:'], rows);
}

function presetTable(films: readonly FilmFigures[]): string {
  const rows = Object.keys(topRuns).map((preset) => {
    const { shift, bitRatio, cpuRatio } = presetFigures(films, preset, anchorPreset);
    return [preset, shift.toFixed(1), bitRatio.toFixed(2), cpuRatio.toFixed(2)];
  });
  return table(['preset', 'CRF:', 'bits:', 'CPU time:'], rows);
}

function trialTable(films: readonly FilmFigures[]): string {
  const rows = Object.keys(trials).map((flag) => {
    const { bitRatio, cpuRatio } = trialFigures(films, flag, noFlag, anchorPreset);
    return [flag, bitRatio.toFixed(3), cpuRatio.toFixed(2)];
  });
  return table(['flag', 'bits:', 'CPU time:'], rows);
}

function peerTable(films: readonly FilmFigures[]): string {
  const rows = peers.flatMap(({ name }) =>
    compared.map((preset) => {
      const figures = againstPeer(films, name, preset);
      const of = (ratio: 'bitRatio' | 'cpuRatio') =>
        figures.length === 0 ? '' : geometricMean(figures.map((each) => each[ratio])).toFixed(2);
      const each = figures.map(
        ({ film, vmaf, bitRatio }) => `${film} ${bitRatio.toFixed(2)} (${vmaf.toFixed(0)})`,
      );
      return [name, preset, of('bitRatio'), of('cpuRatio'), each.join(', ')];
    }),
  );
  return table(['peer', 'preset here', 'bits:', 'CPU time:', 'bits by film (VMAF)'], rows);
}
