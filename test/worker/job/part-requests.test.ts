import { describe, expect, it } from 'vitest';
import { InterruptedError, RefusedError } from '../../../worker/src/errors.ts';
import { film, queued, succeeded } from '../../helpers/reports/job-states.ts';
import {
  ago,
  begun,
  job,
  message,
  never,
  openWorker,
  partRequest,
  plan,
} from '../../helpers/worker/shared-job.ts';

describe('a worker that helps', () => {
  it('works on the film as it was asked to, and says nothing by itself', async () => {
    await using farm = await openWorker();
    await farm.report(begun);
    expect(await farm.runPartRequest(partRequest(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual([{ job: { ...job, requestId: 'r' }, plan, role: 'helper', firstPart: 1 }]);
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(begun);
  });

  it('reports the end when it is the one to publish the film', async () => {
    await using farm = await openWorker({ work: async () => ({ kind: 'published', film }) });
    await farm.report(begun);
    expect(await farm.runPartRequest(partRequest(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual(['succeeded']);
  });

  it.each(['succeeded', 'failed'] as const)(
    'that fails after the job has %s says nothing: an end is never taken back',
    async (state) => {
      const entered = ago(60);
      const reported = Promise.withResolvers<void>();
      await using farm = await openWorker({
        work: async () => {
          await reported.promise;
          throw new RefusedError('source-missing', 'The source was removed.');
        },
      });
      const over = { ...(state === 'succeeded' ? succeeded('a') : begun), queuedAt: entered.toISOString() };
      const attributes = { queuedAt: entered.toISOString(), requestId: 'm-1' };
      await farm.report({ ...begun, queuedAt: entered.toISOString() });
      const ended = farm.runPartRequest(partRequest({ attributes }), never);
      await farm.report({ ...over, state });
      reported.resolve();
      expect(await ended).toEqual({ kind: 'acknowledge' });
      expect(farm.reported).toEqual([]);
      expect((await farm.status())?.state).toBe(state);
      expect(await farm.readStop()).toBeUndefined();
    },
  );

  it('looks again later, under the same name, when enough are on the film', async () => {
    await using farm = await openWorker({ work: async () => ({ kind: 'atCapacity' }) });
    await farm.report(begun);
    const later = { kind: 'hand-over', requestId: 'm-1', delaySeconds: 5 };
    expect(await farm.runPartRequest(partRequest(), never)).toEqual(later);
    const again = partRequest({ id: 'm-2', attributes: { requestId: 'm-1' } });
    expect(await farm.runPartRequest(again, never)).toEqual(later);
    expect(farm.reported).toEqual([]);
  });

  it('looks at the film again later when it has committed it, and another makes its files', async () => {
    let isRepeat: boolean | undefined;
    await using farm = await openWorker({
      work: async (_, run) => {
        ({ isRepeat } = run);
        return { kind: 'atCapacity', hasCommitted: true };
      },
    });
    await farm.report(begun);
    const outcome = await farm.runPartRequest(partRequest(), never);
    expect(outcome).toMatchObject({ kind: 'hand-over', isRepeat: true });
    expect(isRepeat).toBe(false);
    await farm.runPartRequest(
      partRequest({ id: 'm-2', attributes: { requestId: 'm-1', repeat: 'true' } }),
      never,
    );
    expect(isRepeat).toBe(true);
  });

  it('has nothing to do when the film is published, but has for another plan', async () => {
    await using farm = await openWorker();
    await farm.report({ ...succeeded('a'), film: { ...film, plan } });
    expect(await farm.runPartRequest(partRequest(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual([]);
    await farm.report({ ...begun, film: { ...film, plan: 'older' } });
    await farm.runPartRequest(partRequest(), never);
    expect(farm.asked).toHaveLength(1);
  });

  it('for a film that is not there any more says nothing: the job has become another film since', async () => {
    await using farm = await openWorker();
    const since = { ...succeeded('a'), film: { ...film, plan: 'cccccccccccc' } };
    await farm.report(since);
    const late = message({ job, requestId: 'r', plan: 'bbbbbbbbbbbb', firstPart: 1 });
    expect(await farm.runPartRequest(late, never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(since);
  });

  it('reports that the job runs where nobody else has it running', async () => {
    await using farm = await openWorker();
    await farm.report({ ...queued('a'), plan });
    await farm.runPartRequest(partRequest(), never);
    expect(farm.reported).toEqual(['running']);
  });

  it('that has trouble tries again, with attempts of its own, and reports it where nobody goes on', async () => {
    await using farm = await openWorker({
      work: async (_, { report }) => {
        await report.setReporting('reporting');
        throw new Error('no route to host');
      },
    });
    await farm.report(begun);
    const outcome = await farm.runPartRequest(
      partRequest({ attributes: { attempt: '2', requestId: 'p' } }),
      never,
    );
    expect(outcome).toEqual({ kind: 'retry', attempt: 3, requestId: 'p', delaySeconds: 20 });
    expect(farm.reported).toEqual(['retrying']);
    expect(await farm.readStop()).toBeUndefined();
  });

  it.each([
    ['trouble', 'retry'],
    ['a stop of the worker', 'release'],
  ])('gives up for now because of %s without a word where others go on', async (why, kind) => {
    const abort = new AbortController();
    await using farm = await openWorker({
      work: async () => {
        if (kind === 'release') abort.abort(new InterruptedError('stop'));
        throw new Error(why);
      },
    });
    await farm.report(begun);
    expect(await farm.runPartRequest(partRequest(), abort.signal)).toMatchObject({ kind });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(begun);
  });

  it('that is asked to stop after the job has ended says nothing, and its message does not come back', async () => {
    const abort = new AbortController();
    const entered = ago(60).toISOString();
    const over = { ...succeeded('a'), queuedAt: entered };
    await using farm = await openWorker({
      work: async () => {
        await farm.report(over);
        abort.abort(new InterruptedError('stop'));
        throw new Error('ffmpeg was killed');
      },
    });
    await farm.report({ ...begun, queuedAt: entered });
    const attributes = { queuedAt: entered, requestId: 'p' };
    expect(await farm.runPartRequest(partRequest({ attributes }), abort.signal)).toEqual({
      kind: 'acknowledge',
    });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(over);
  });
});

describe('a job that others have begun', () => {
  it('is taken over as its planner, and its start is not reported again', async () => {
    await using farm = await openWorker();
    await farm.report(begun);
    expect(await farm.runJob(message(job), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual([{ job: { ...job, requestId: 'm-1' }, plan, role: 'planner' }]);
    expect(farm.reported).toEqual([]);
  });

  it.each([
    ['by one worker alone', { ...begun, plan: 'bbbbbbbbbbbb' }],
    ['and that is in the queue again', { ...queued('a'), plan }],
  ])('%s begins again', async (_, state) => {
    await using farm = await openWorker();
    await farm.report(state);
    await farm.runJob(message(job), never);
    expect(farm.asked).toEqual(['transcode']);
    expect(farm.reported).toEqual(['running']);
  });
});
