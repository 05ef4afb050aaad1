import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clip, type FaultFarm, holdAt, put, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectClean, expectFilm } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { patience } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm();
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

describe('a worker that is asked to stop', () => {
  it('stops in the middle of a job, gives it back at once, and has published nothing', async () => {
    const id = await faults.send();
    const stopped = faults.startWorker();
    await holdAt(faults.s3, put(/\/00001\.m4s$/));
    faults.s3.heal();
    const askedAt = performance.now();
    stopped.kill('SIGTERM');
    expect(await stopped.exited).toEqual({ code: 0, signal: null });
    expect((performance.now() - askedAt) / 1000).toBeLessThan(10);
    await expectClean(faults);
    expect(await faults.farm.read(`${id}/index.m3u8`)).toBeUndefined();
    expect(JSON.parse((await faults.farm.read(`${id}/status.json`)) ?? '{}')).toMatchObject({
      state: 'queued',
      attempt: 1,
    });
    const nextAt = performance.now();
    const next = faults.startWorker();
    await until(() => logLines(next.log).some(({ msg }) => msg === 'job started'), 'the job to be taken');
    // Less than the hiding time: the message was given back.
    const startedAt = logLines(next.log).find(({ msg }) => msg === 'worker started');
    const takenAt = logLines(next.log).find(({ msg }) => msg === 'job started');
    expect(Date.parse(takenAt?.time ?? '') - Date.parse(startedAt?.time ?? '')).toBeLessThan(2000);
    expect(performance.now() - nextAt).toBeLessThan(20_000);
    expect((await expectFilm(faults, id)).attempt).toBe(1);
  });

  it(
    'costs a job nothing, ten times over',
    async () => {
      const id = await faults.send();
      for (let stop = 0; stop < 10; stop++) {
        const worker = faults.startWorker();
        // Nothing of the film gets through, so that each worker has all of it before itself.
        await holdAt(faults.s3, put(/\.m4s$/));
        worker.kill(stop % 2 === 0 ? 'SIGTERM' : 'SIGINT');
        expect(await worker.exited).toEqual({ code: 0, signal: null });
        faults.s3.heal();
      }
      faults.startWorker();
      expect((await expectFilm(faults, id)).attempt).toBe(1);
      // Eleven workers start one after the other.
    },
    180_000 * patience,
  );

  it('goes at once when it waits for work, and keeps no message from another worker', async () => {
    const idle = faults.startWorker();
    await until(() => logLines(idle.log).some(({ msg }) => msg === 'worker started'), 'the worker to start');
    await sleep(500);
    const other = faults.startWorker();
    await until(() => logLines(other.log).some(({ msg }) => msg === 'worker started'), 'the other to start');
    const askedAt = performance.now();
    idle.kill('SIGTERM');
    const id = await faults.send();
    expect(await idle.exited).toEqual({ code: 0, signal: null });
    expect((performance.now() - askedAt) / 1000).toBeLessThan(5);
    await until(() => logLines(other.log).some(({ msg }) => msg === 'job started'), 'the job to be taken', 6);
    await expectFilm(faults, id);
    expect((await faults.runs()).length).toBe(clip.parts);
  });

  it('stops while storage hangs', async () => {
    await faults.send();
    const worker = faults.startWorker();
    await holdAt(faults.s3, {});
    const askedAt = performance.now();
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect((performance.now() - askedAt) / 1000).toBeLessThan(10);
    await expectClean(faults);
  });
});
