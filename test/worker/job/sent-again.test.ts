import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { film, succeeded } from '../../helpers/reports/job-states.ts';
import {
  ago,
  begun,
  fails,
  job,
  message,
  never,
  openWorker,
  partRequest,
  plan,
  sentAt,
  untilStopped,
} from '../../helpers/worker/shared-job.ts';

describe('a job that is sent again', () => {
  const laterAt = new Date(sentAt.getTime() + 1000);
  const later = (more: Partial<ReceivedMessage> = {}) =>
    message(job, { id: 'm-2', sentAt: laterAt, ...more });

  it('is made as it is asked for now, though others make its film, and their work ends', async () => {
    const isBegun = Promise.withResolvers<void>();
    const again: boolean[] = [];
    await using farm = await openWorker({
      work: async (signal, run) => {
        again.push(run.isSentAgain === true);
        if (run.messageId === 'm-2') return { kind: 'published', film };
        isBegun.resolve();
        return untilStopped(signal, run);
      },
    });
    await farm.report(begun);
    const older = farm.runJob(message(job), never);
    await isBegun.promise;
    expect(await farm.runJob(later(), never)).toEqual({ kind: 'acknowledge' });
    expect(await older).toEqual({ kind: 'acknowledge' });
    expect(farm.asked.at(-1)).toBe('transcode');
    expect(again).toEqual([false, true]);
    expect(farm.reported).toEqual(['running', 'succeeded']);
    expect(await farm.status()).toMatchObject({ state: 'succeeded', queuedAt: laterAt.toISOString() });
  });

  it('and is taken over by another worker, is known to be sent again', async () => {
    const again: boolean[] = [];
    await using farm = await openWorker({
      work: async (_, run) => {
        again.push(run.isSentAgain === true);
        if (again.length === 1) throw new Error('ffmpeg ended with exit code 1');
        return { kind: 'published', film };
      },
    });
    await farm.report({ ...succeeded('a'), queuedAt: sentAt.toISOString() });
    await farm.runJob(later(), never);
    await farm.report({ ...begun, requestId: 'm-2', queuedAt: laterAt.toISOString() });
    await farm.runJob(later({ receiveCount: 2 }), never);
    expect(farm.asked).toMatchObject(['transcode', { role: 'planner' }]);
    expect(again).toEqual([true, true]);
  });

  it('is not made as it was asked for before when that message is handed out once more', async () => {
    await using farm = await openWorker({ work: async () => ({ kind: 'published', film }) });
    await farm.report({ ...succeeded('a'), queuedAt: sentAt.toISOString() });
    await farm.runJob(later(), never);
    const again = [message(job, { receiveCount: 2 }), partRequest({ receiveCount: 2 })] as const;
    expect(await farm.runJob(again[0], never)).toEqual({ kind: 'acknowledge' });
    expect(await farm.runPartRequest(again[1], never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual(['transcode']);
    expect(farm.reported).toEqual(['running', 'succeeded']);
  });

  it('only to add files ends nothing that was asked for before', async () => {
    await using farm = await openWorker();
    await farm.report({ ...succeeded('a'), queuedAt: sentAt.toISOString() });
    const add = message({ ...job, options: { outputs: ['mp4'], addToFilm: true } }, { sentAt: laterAt });
    await farm.runJob(add, never);
    expect(await farm.readStop()).toBeUndefined();
  });
});

describe('a message that comes again after the end of its request was reported', () => {
  const done = { ...succeeded('a'), queuedAt: sentAt.toISOString() };

  it.each([
    [
      'of a job',
      (farm: Awaited<ReturnType<typeof openWorker>>) => farm.runJob(message(job, { receiveCount: 2 }), never),
      'm-1',
    ],
    [
      'of a part request',
      (farm: Awaited<ReturnType<typeof openWorker>>) => {
        const body = { job, requestId: 'r', plan: film.plan, firstPart: 1 };
        return farm.runPartRequest(message({ ...body, plan }, { receiveCount: 2 }), never);
      },
      'r',
    ],
  ])('%s sends that report again, makes what is left, and takes no state back', async (_, run, requestId) => {
    await using farm = await openWorker({ isPublished: true });
    const end = { ...done, film: { ...film, plan } };
    await farm.report(end);
    expect(await run(farm)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([`succeeded of ${requestId} again`]);
    expect(farm.asked).toEqual(['files']);
    expect(await farm.status()).toEqual(end);
  });

  it.each([
    ['has ended', { ...done, film: { ...film, plan } }],
    [
      'ended, and is adding files for a later request',
      { ...begun, requestId: 'r-2', queuedAt: ago(1).toISOString(), film: { ...film, plan } },
    ],
  ])(
    'does nothing where it was only put off, and the job %s: a newer source may be there',
    async (_, state) => {
      await using farm = await openWorker({ isPublished: true });
      await farm.report(state as JobState);
      const body = { job, requestId: 'r', plan, firstPart: 1 };
      const putOff = message(body, { attributes: { repeat: 'true' } });
      expect(await farm.runPartRequest(putOff, never)).toEqual({ kind: 'acknowledge' });
      expect([...farm.asked, ...farm.reported]).toEqual([]);
      expect(await farm.status()).toEqual(state);
    },
  );

  it('begins again where the film is gone', async () => {
    await using farm = await openWorker({ work: async () => ({ kind: 'published', film }) });
    await farm.report(done);
    await farm.runJob(message(job, { receiveCount: 2 }), never);
    expect(farm.reported).toEqual(['running', 'succeeded']);
  });

  it('does not report the end of a later request as its own', async () => {
    await using farm = await openWorker({ work: fails(new Error('the source was replaced')) });
    await farm.report(begun);
    const isOver = { ...done, queuedAt: ago(1).toISOString() };
    const older = message(job, { receiveCount: 2 });
    const outcome = farm.runJob(older, never);
    await farm.report(isOver);
    expect(await outcome).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
  });
});

it('files that are added to a film wait while another request makes the film again', async () => {
  await using farm = await openWorker({ work: async () => ({ kind: 'published', film }) });
  await farm.report(begun);
  const add = message({ ...job, options: { outputs: ['mp4'], addToFilm: true } });
  expect(await farm.runJob(add, never)).toEqual({ kind: 'hand-over', requestId: 'm-1', delaySeconds: 5 });
  expect(farm.asked).toEqual([]);
  expect(await farm.status()).toEqual(begun);
  await farm.report(succeeded('a'));
  expect(await farm.runJob(add, never)).toEqual({ kind: 'acknowledge' });
  expect(farm.asked).toEqual(['transcode']);
});
