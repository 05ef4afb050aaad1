import { doorCalls } from '../../infra/compute/door-calls.ts';
import { decideAtDoor } from '../../worker/src/film/door.ts';
import { vcpusOf } from '../../worker/src/plan/function-limits.ts';
import { environmentSchema } from '../../worker/src/settings/environment.ts';
import { type FarmFacts, readFarm } from '../cost/facts.ts';
import { filmCosts } from '../cost/film-cost.ts';
import { loadStack } from '../program-run/stacks.ts';

/**
 * The functions before the jobs queue of a stack, as a farm of functions alone.
 * @returns undefined where the stack has none, or leaves a film of two hours to its workers, or some of it
 */
export async function doorFarm(file: string): Promise<FarmFacts | undefined> {
  const { config } = loadStack(file);
  if (config.functions !== 'door') return undefined;
  const functions = Number(config.burstFunctions);
  const farm = await readFarm(file, {
    compute: 'function',
    functions: 'none',
    burstFunctions: '0',
    functionMemoryMib: '10240',
    taskMemoryMib: config.functionMemoryMib,
    minTasks: '0',
    maxTasks: String(doorCalls + functions),
    workersPerFilm: String(1 + functions),
  });
  const decision = decideAtDoor(filmCosts(farm).plan, {
    functions,
    workersPerFilm: 1,
    workersEncoder: config.compute === 'gpu' ? 'nvenc' : 'x264',
    vcpus: vcpusOf(Number(config.functionMemoryMib)),
    budgetSeconds: environmentSchema.shape.DOOR_BUDGET_SECONDS.parse(undefined),
  });
  return decision.kind === 'functions' ? farm : undefined;
}
