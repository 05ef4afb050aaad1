import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { FarmFunctions } from '../../cli/local-farm/functions/start.ts';
import { type FaultFarm, removal, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { functionLog, functionsFor } from '../helpers/local-farm/functions.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { longFilm, putLongFilm } from '../helpers/media/long-film.ts';
import { seededRandom } from '../helpers/media/mutations.ts';
import { patience } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';

/**
 * A film of twelve parts and a sound, too long for functions alone: two calls beside the one that looked at it, and two workers. A
 * message that no one holds comes back after 4 s, a part that no one makes is taken over after 2.
 */
let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm(
    { WORKERS_PER_FILM: '2' },
    { encodeSeconds: 0.5, visibilityTimeoutSeconds: 4, door: { functionsPerFilm: 2 } },
  );
  await putLongFilm(faults);
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const start = () =>
  functionsFor(faults.farm, {
    dir: faults.folder,
    concurrency: 3,
    env: { WORKERS_PER_FILM: '2', DOOR_BUDGET_SECONDS: '0.001' },
  });
const send = () => faults.send({ source: longFilm.key });
const whole = (id: string) => expectFilm(faults, id, { film: longFilm.film, timeoutSeconds: 120 });
const recorded = (lines: ReturnType<typeof logLines>) => lines.filter(({ msg }) => msg === 'part recorded');

it.each([21, 22])(
  'a film is whole and reported once although functions and workers that share it are killed at any moment (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    // The film's end is reported well before all that is not needed is gone.
    faults.s3.inject({ kind: 'delay', seconds: 1 }, removal);
    let worker = faults.startWorker();
    const functions = await start();
    const id = await send();
    const killing = (async () => {
      for (let nth = 0; nth < 4; nth += 1) {
        await sleep(300 + random() * 1500);
        const { busy } = functions.functions;
        if (nth % 2 === 0) busy[Math.floor(random() * busy.length)]?.kill();
        else {
          worker.kill('SIGKILL');
          worker = faults.startWorker();
        }
      }
    })();
    await faults.farm.waitFor(id, 'succeeded', 120);
    await killing;
    await whole(id);
    await functions[Symbol.asyncDispose]();
  },
  300_000 * patience,
);

it(
  'a worker goes on after the recorded parts when every call for the film is killed, however often it is tried',
  async () => {
    const functions = await start();
    const id = await send();
    await until(() => recorded(functionLog(functions)).length >= 2, 'some parts', 60);
    const stopKilling = killAll(functions);
    await until(async () => (await faults.farm.backlog()) > 0, 'the job to be passed on', 60);
    // A call that is killed while storage answers it has not said what it recorded.
    const before = new Set<unknown>(await recordedParts(id));
    const worker = faults.startWorker();
    await faults.farm.waitFor(id, 'succeeded', 120);
    await stopKilling();
    await functions[Symbol.asyncDispose]();
    const after = recorded(logLines(worker.log)).map(({ part }) => part);
    expect(before.size).toBeGreaterThanOrEqual(2);
    expect(after.filter((part) => before.has(part))).toEqual([]);
    expect(before.size + after.length).toBe(longFilm.parts);
    await whole(id);
  },
  300_000 * patience,
);

async function recordedParts(id: string): Promise<number[]> {
  return (await faults.farm.keys(`${id}/`)).flatMap((key) => {
    const index = /\/parts\/(\d+)\.json$/.exec(key)?.[1];
    return index === undefined ? [] : [Number(index)];
  });
}

function killAll({ functions }: FarmFunctions): () => Promise<void> {
  let isOver = false;
  const killing = (async () => {
    while (!isOver) {
      for (const environment of functions.busy) environment.kill();
      await sleep(50);
    }
  })();
  return async () => {
    isOver = true;
    await killing;
  };
}
