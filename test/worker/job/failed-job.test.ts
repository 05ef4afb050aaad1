import { describe, expect, it } from 'vitest';
import { InterruptedError, RefusedError } from '../../../worker/src/errors.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { until } from '../../helpers/until.ts';
import {
  ago,
  begun,
  broken,
  fails,
  headers,
  job,
  jobAsSent,
  message,
  never,
  openWorker,
  partRequest,
  plan,
} from '../../helpers/worker/shared-job.ts';

// Each waits for its clocks.
describe.concurrent('a job that cannot be made', () => {
  it('is stopped for all before that is reported, and after all have seen it', async () => {
    await using farm = await openWorker({
      work: fails(new RefusedError('short-source', 'The film ends at 3 s.')),
    });
    await farm.report(begun);
    const before = performance.now();
    expect(await farm.runPartRequest(partRequest(), never)).toEqual({
      kind: 'give-up',
      jobId: 'a',
      requestId: 'r',
      code: 'short-source',
      reason: 'The film ends at 3 s.',
      body: jobAsSent,
    });
    expect(performance.now() - before).toBeGreaterThan(1200);
    expect(farm.reported).toEqual(['failed']);
    expect(await Promise.all(farm.stoppedByThen)).toEqual([true]);
    expect(await farm.readStop()).toMatchObject({ code: 'short-source', keepParts: false });
  });

  it('leaves nothing of what other workers published until they saw that it is stopped', async () => {
    const late = new JobFolder('', 'a').plan(plan).file('720p/00007.m4s');
    await using farm = await openWorker({
      work: async (_signal, run) => {
        run.report.update({ plan });
        setTimeout(() => void farm.output.put(late, 'a segment', headers), 500);
        throw new RefusedError('source-replaced', 'The film was replaced.');
      },
    });
    await farm.report(begun);
    expect(await farm.runPartRequest(partRequest(), never)).toMatchObject({
      kind: 'give-up',
      code: 'source-replaced',
    });
    expect(await farm.output.head(late)).toBeUndefined();
  });

  it('because of trouble keeps what is recorded, for when it is redriven', async () => {
    await using farm = await openWorker({ work: fails(new Error('ffmpeg hangs')) });
    await farm.report(begun);
    const last = partRequest({ attributes: { attempt: '3' } });
    expect(await farm.runPartRequest(last, never)).toMatchObject({
      kind: 'give-up',
      code: 'trouble',
      body: jobAsSent,
    });
    expect(await farm.readStop()).toMatchObject({
      code: 'trouble',
      message: 'ffmpeg hangs',
      keepParts: true,
    });
  });

  it('and that another worker refuses while this one examines itself is failed once, and not tried again', async () => {
    const queuedAt = ago(60).toISOString();
    const attributes = { queuedAt, requestId: 'p' };
    const ends: (() => Promise<void>)[] = [];
    const examine = async () => {
      for (const end of ends) await end();
      return undefined;
    };
    await using farm = await openWorker({ work: fails(new Error('a record is gone')), examine });
    await farm.report({ ...begun, queuedAt });
    ends.push(
      () => farm.stop({ ...broken(), code: 'short-source' }),
      () =>
        farm.report({
          ...begun,
          queuedAt,
          state: 'failed',
          error: { code: 'short-source', message: 'It ends at 3 s.' },
        }),
    );
    expect(await farm.runPartRequest(partRequest({ attributes }), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
    expect((await farm.status())?.state).toBe('failed');
  });

  it('before there is a plan concerns no other worker: no stop, no wait, and the message itself is the dead letter', async () => {
    await using farm = await openWorker({ work: fails(new RefusedError('not-media', 'A picture.')) });
    const outcome = await farm.runJob(message(job), never);
    expect(outcome).toMatchObject({ kind: 'give-up', code: 'not-media' });
    expect(outcome).not.toHaveProperty('body');
    expect(await farm.readStop()).toBeUndefined();
  });

  it('and that kills its helpers is stopped for all', async () => {
    await using farm = await openWorker();
    await farm.report(begun);
    expect(await farm.runPartRequest(partRequest({ receiveCount: 26 }), never)).toMatchObject({
      kind: 'give-up',
      code: 'workers-lost',
    });
    expect(farm.asked).toEqual([]);
    expect(await farm.readStop()).toMatchObject({ code: 'workers-lost', keepParts: true });
  });

  it('stays stopped when its worker must go before it has reported: the message comes to another', async () => {
    const abort = new AbortController();
    await using farm = await openWorker({
      work: fails(new RefusedError('short-source', 'The film ends at 3 s.')),
    });
    await farm.report(begun);
    const outcome = farm.runPartRequest(partRequest(), abort.signal);
    await until(async () => (await farm.readStop()) !== undefined, 'the stop');
    abort.abort(new InterruptedError('stop'));
    expect(await outcome).toEqual({ kind: 'release' });
    expect(farm.reported).toEqual([]);
    expect(await farm.readStop()).toMatchObject({ code: 'short-source' });
  });
});
