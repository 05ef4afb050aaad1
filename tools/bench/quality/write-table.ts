import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { qualityNames, vmafTargets } from '../../../worker/src/plan/quality.ts';
import { bitsAt, crfFor, crfTable, type FilmFigures, geometricMean, presetFigures } from './analysis.ts';
import { anchorPreset, topRuns } from './runs.ts';

/** Presets that are not measured, so that the measurement ends in time, aim at what the nearest slower or slowest one aims at. */
const neighbours: Readonly<Record<string, string>> = {
  ultrafast: 'superfast',
  faster: 'medium',
  fast: 'medium',
  slower: 'slow',
  veryslow: 'slow',
};

/** Writes the table that the worker plans with. */
export async function writeTable(films: readonly FilmFigures[], root: string, today: string): Promise<void> {
  const crf = crfTable(films, anchorPreset);
  const presets = Object.keys(topRuns).map((preset) => ({
    preset,
    ...presetFigures(films, preset, anchorPreset),
  }));
  const shifts = Object.fromEntries(presets.map(({ preset, shift }) => [preset, round(shift, 1)]));
  for (const [preset, measured] of Object.entries(neighbours)) shifts[preset] = shifts[measured] ?? 0;
  const curves = films.map(({ top }) => top[anchorPreset] ?? []);
  const bitsOf = (target: number) => {
    const at = crfFor(curves, target);
    return geometricMean(curves.map((points) => bitsAt(points, at)));
  };
  const table = {
    measured: `${today}, x264 ${anchorPreset} and others, ${films.length} films: ${films.map(({ name }) => name).join(', ')}`,
    crf,
    presetShift: shifts,
    presetBits: Object.fromEntries(presets.map(({ preset, bitRatio }) => [preset, round(bitRatio, 2)])),
    qualityBits: Object.fromEntries(
      qualityNames.map((name) => [name, round(bitsOf(vmafTargets[name]) / bitsOf(vmafTargets.standard), 2)]),
    ),
  };
  await writeFile(join(root, 'worker', 'src', 'plan', 'quality-table.ts'), tableFile(table));
}

function tableFile(table: object): string {
  const literal = JSON.stringify(table, undefined, 2)
    .replace(/"([a-z]\w*)":/g, '$1:')
    .replace(/"([^"]*)"/g, "'$1'")
    .replace(/\{\n\s+(saver[^}]*?)\n\s+\}/g, (_, fields: string) => `{ ${fields.replace(/\s*\n\s*/g, ' ')} }`)
    .replace(/([^{,\s])\n(\s*[}])/g, '$1,\n$2')
    .replace('measured: ', 'measured:\n    ');
  return `${head}${literal};\n`;
}

const head = `import type { QualityTable } from './quality.ts';

/** Written by \`npm run bench -- quality --write\`: change the measurement, and not this file. */
export const qualityTable: QualityTable = `;

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
