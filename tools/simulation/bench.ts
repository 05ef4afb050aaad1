import { mkdir, writeFile } from 'node:fs/promises';
import type { Bench } from '../bench/lib/bench.ts';
import { stackFiles } from '../program-run/stacks.ts';
import { comparePolicies } from './compare.ts';
import { startFromZero } from './from-zero.ts';
import { functionFilms } from './function-films.ts';
import {
  type FilmOnStack,
  type FilmSpread,
  filmOnStack,
  filmSpread,
  filmsOnStacksTable,
  seed,
  speedRangeTable,
} from './lone-film.ts';
import { makeOneFilm } from './one-film.ts';
import { fromZeroPlot, matchDayPlot, oneFilmPlot } from './plots.ts';
import { readStack } from './stack.ts';
import { urgentAmongBulk } from './urgent-films.ts';

/** The farm that all is compared on: g4dn.xlarge alone, one On-Demand and two on Spot. */
const file = 'stacks/match-footage.yaml';
/** The farm of functions. */
const functionFile = 'Pulumi.function.yaml';
const plotFolder = new URL('../../docs/scaling/', import.meta.url);

export const scaling: Bench = {
  what: 'GPU-hours bought over GPU-hours used on a match day, simulated; and how soon films are whole',
  goal: 1.15,
  async run({ log }) {
    const stack = await readStack(file);
    const compared = await comparePolicies(stack, seed, log);
    const fromZero = await startFromZero(stack, seed, log);
    const films: (FilmOnStack & FilmSpread)[] = [];
    for (const file of stackFiles)
      films.push({ ...(await filmOnStack(file, seed)), ...(await filmSpread(file, seed)) });
    log('');
    log(
      'a film of 2 h (1080p, 30 frames/s) on each stack: one that wakes the farm, and one of 30 within an hour',
    );
    for (const line of filmsOnStacksTable(films)) log(line);
    log('');
    log(
      "the same at the ends of the range of speeds: a quarter to all of a GPU's limit; x264 at 1/1.6 to 1/0.55",
    );
    for (const line of speedRangeTable(films)) log(line);
    const film = await makeOneFilm(stack, seed, log);
    const lanes = await urgentAmongBulk(stack, seed, log);
    const functions = await functionFilms(functionFile, seed, log);
    await writePlots({
      'from-zero.svg': fromZeroPlot(fromZero.bars),
      'match-day.svg': matchDayPlot(compared.matchDay, compared.matchDay[0]?.films[0]?.arrivedAtMs ?? 0),
      'one-film.svg': oneFilmPlot(film.runs, { name: 'a public farm of this size: 25 min', minutes: 25 }),
    });
    log('plots: docs/scaling/*.svg');
    const killed = [...compared.farm.values()].reduce((sum, measures) => sum + measures.killed, 0);
    return {
      ratio: compared.farm.get('match day')?.boughtPerUsed ?? Number.NaN,
      goals: [
        { what: 'seconds from none until encoding starts, p95:', value: fromZero.p95Seconds, goal: 90 },
        { what: 'the same with warmInstances 1:', value: fromZero.warmP95Seconds, goal: 90 },
        {
          what: 'minutes until 2 h of film are whole, 3 workers, from none, 30 frames/s:',
          value: film.minutes30,
          goal: 10,
        },
        { what: 'the same with nvencPreset p3:', value: film.minutesQuick, goal: 10 },
        { what: "the same with p5 at the chip's limit:", value: film.minutesAtLimit, goal: 10 },
        {
          what: 'seconds until 2 h of film are whole by functions, from none, p95:',
          value: functions.p95Seconds,
          goal: 60,
        },
        { what: 'dollars for it:', value: functions.usd, goal: 0.7 },
        {
          what: "times of a part until an urgent film's first frame, among 10,000 bulk films on 3 busy workers, p95:",
          value: lanes.p95PerPart,
          goal: 1,
        },
        { what: 'films killed by scaling, in all workloads:', value: killed, goal: 0 },
      ],
    };
  },
};

async function writePlots(plots: Record<string, string>): Promise<void> {
  await mkdir(plotFolder, { recursive: true });
  for (const [name, content] of Object.entries(plots)) await writeFile(new URL(name, plotFolder), content);
}
