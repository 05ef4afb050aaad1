import { type Recorded, readRecorded } from '../bench/lib/recorded.ts';
import type { Spread } from '../bench/lib/runs.ts';
import { table } from '../cost/markdown.ts';

const begin =
  '<!-- Recorded by `npm run bench -- NAME --record`; this table is made of it by `npm run docs`. -->';
const end = '<!-- End of what was recorded. -->';

/** docs/performance.md with its table of recorded measurements made again. */
export function performancePage(page: string, recorded = readRecorded()): string {
  const [before, rest] = page.split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined)
    throw new TypeError(`docs/performance.md lacks "${begin}" or "${end}".`);
  return `${before}${begin}\n\n${recordedTable(recorded)}\n\n${end}${after}`;
}

function recordedTable(recorded: Record<string, Recorded>): string {
  const rows = Object.entries(recorded).flatMap(([name, { date, machine, cores, loads, goals, more }]) => {
    const where = `${date}, ${machine}, ${cores} cores, load ${loads.map(String).join(', ')}`;
    return [
      ...goals.map(({ what, value, goal, spread }, n) => [
        n === 0 ? `\`${name}\`` : '',
        what === `${name} ratio` ? 'ratio' : what.replace(/:$/, ''),
        `**${value}**${range(spread, loads)}`,
        String(goal),
        value <= goal ? 'reached' : '**missed**',
        n === 0 ? where : '',
      ]),
      ...Object.entries(more).map(([what, spread]) => [
        '',
        what,
        `${spread.middle}${range(spread, loads)}`,
        '',
        '',
        '',
      ]),
    ];
  });
  return table(['name', 'what', 'middle:', 'goal:', '', 'when, where, load before each run'], rows);
}

function range({ lowest, highest }: Spread, loads: readonly number[]): string {
  return loads.length > 1 ? ` (${lowest} to ${highest})` : '';
}
