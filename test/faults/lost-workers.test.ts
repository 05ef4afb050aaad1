import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, clip, type FaultFarm, holdAt, put, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';
import { logged } from '../helpers/local-farm/worker-log.ts';
import { patience } from '../helpers/strictness.ts';

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm();
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

describe('a worker that is lost', () => {
  it.each([0, 1, 2, 3])('while it publishes segment %i costs that part and no more', async (segment) => {
    const id = await faults.send();
    const lost = faults.startWorker();
    await holdAt(faults.s3, put(new RegExp(`/0000${segment}\\.m4s$`)));
    lost.kill('SIGKILL');
    await lost.exited;
    faults.s3.heal();
    const before = (await faults.farm.keys(`${id}/`)).filter((key) => key.includes('/parts/'));
    const runsBefore = (await faults.runs()).length;
    faults.startWorker();
    await expectFilm(faults, id);
    expect((await faults.runs()).length - runsBefore).toBe(clip.parts - before.length);
  });

  it('between the last segment and the commit leaves its film to the next, which encodes nothing', async () => {
    const id = await faults.send();
    const lost = faults.startWorker();
    await holdAt(faults.s3, put(/\/index\.m3u8$/));
    lost.kill('SIGKILL');
    await lost.exited;
    expect(await faults.farm.read(`${id}/index.m3u8`)).toBeUndefined();
    faults.s3.heal();
    faults.startWorker();
    await expectFilm(faults, id);
    expect((await faults.runs()).length).toBe(clip.parts);
  });

  it(
    'between the report of its job’s end and its word to the queue leaves a film that is known as done in two seconds',
    async () => {
      const id = await faults.send();
      const lost = faults.startWorker();
      await holdAt(faults.sqs, call('DeleteMessage'), 60);
      lost.kill('SIGKILL');
      await lost.exited;
      const commit = await faults.farm.read(`${id}/index.m3u8`);
      expect(commit).toBeDefined();
      faults.sqs.heal();
      const next = faults.startWorker();
      await expectFilm(faults, id);
      expect((await faults.runs()).length).toBe(clip.parts);
      expect(await faults.farm.read(`${id}/index.m3u8`)).toBe(commit);
      expect(secondsOfJob(next.log)).toBeLessThan(2);
    },
    120_000 * patience,
  );
});

/** From the log line that finds the job done, as its end was reported, to the one that ends it. */
function secondsOfJob(log: readonly string[]): number {
  const at = (message: string) => Date.parse(logged(log, message).time);
  return (at('job succeeded') - at('the job is done already')) / 1000;
}
