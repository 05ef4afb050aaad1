import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { allEnded, outcome, startHostileFarm } from '../helpers/local-farm/hostile-farm.ts';
import { expectClean } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { type Mutant, mutate } from '../helpers/media/mutations.ts';
import { makeFilms } from '../helpers/media/small-films.ts';

const mutants = 60;

let faults: FaultFarm;
let films: Map<string, Buffer>;

beforeAll(async () => {
  faults = await startHostileFarm();
  films = await makeFilms(faults.folder);
});
afterAll(() => faults[Symbol.asyncDispose]());

it('each of sixty damaged films is made into a film or refused by name, and no worker is lost', async () => {
  const sent = new Map<string, Mutant>();
  for (let seed = 0; seed < mutants; seed++) {
    const mutant = mutate(films, seed);
    const key = `inbox/${seed}.${mutant.extension}`;
    sent.set(key, mutant);
    await faults.farm.put(key, mutant.file);
  }
  const workers = [faults.startWorker(), faults.startWorker()];
  const ended = await allEnded(faults, mutants, 200);
  const bad = [...sent]
    .map(([key, { how }]) => ({
      key,
      how,
      ends: outcome(ended.get(key)),
      why: ended.get(key)?.error?.message,
    }))
    .filter(({ ends }) => ends === 'no end' || ends === 'trouble' || ends === 'no reason');
  expect(bad).toEqual([]);
  await expectClean(faults);
  for (const worker of workers) {
    expect(logLines(worker.log).filter(({ level }) => Number(level) >= 60)).toEqual([]);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
  }
}, 220_000);
