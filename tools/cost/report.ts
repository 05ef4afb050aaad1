import { type Allowance, allowancesOf, total } from './charge.ts';
import { type FarmFacts, readFarm } from './facts.ts';
import { type FilmCosts, filmCosts } from './film-cost.ts';
import { type IdleResource, idleMonth } from './idle/month.ts';
import { bitmovin, mediaConvert, type Other } from './others.ts';
import { pricedRegion, pricesDate } from './prices.ts';
import { type WorkerHour, workerHours } from './worker-hour.ts';

/** Everything that the command prints about a stack. */
export interface CostReport {
  /** Its file, as it was named. */
  stack: string;
  pricedRegion: string;
  pricesDate: string;
  farm: Pick<FarmFacts, 'region' | 'source' | 'output' | 'minTasks' | 'maxTasks' | 'worker'>;
  idle: {
    resources: IdleResource[];
    allowances: Allowance[];
    /** US dollars a month: in an account whose free allowances others use up, and in a separate one. */
    listUsd: number;
    usd: number;
  };
  workers: WorkerHour[];
  film: FilmCosts;
  others: Other[];
}

/**
 * @param file a stack file, by its path from the repository's root or an absolute one
 * @param changes of its settings
 * @throws UserError for what has no price, SettingsError for mistakes in the file
 */
export async function costReport(file: string, changes: Record<string, string> = {}): Promise<CostReport> {
  const farm = await readFarm(file, changes);
  const resources = idleMonth(farm);
  const charges = resources.flatMap((resource) => resource.charges);
  const allowances = allowancesOf(charges);
  const film = filmCosts(farm);
  const { region, source, output, minTasks, maxTasks, worker } = farm;
  const listUsd = total(charges);
  return {
    stack: file,
    pricedRegion,
    pricesDate,
    farm: { region, source, output, minTasks, maxTasks, worker },
    idle: { resources, allowances, listUsd, usd: listUsd - total(allowances) },
    workers: workerHours(farm),
    film,
    others: [mediaConvert(film.plan), bitmovin(film.plan)],
  };
}
