import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InterruptedError, RefusedError } from '../../../worker/src/errors.ts';
import type { FilmOutcome, FilmToJoin } from '../../../worker/src/film/film.ts';
import { SourceRemoval } from '../../../worker/src/job/remove-source.ts';
import { JobRunner, type MessageRun } from '../../../worker/src/job/run.ts';
import { readStop, Stops, writeStop } from '../../../worker/src/job/stop.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import type { Stop } from '../../../worker/src/protocol/stop.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import type { Sink } from '../../../worker/src/report/sink.ts';
import { createStatusFiles, readStatusFile } from '../../../worker/src/report/status-file.ts';
import { openStores } from '../../../worker/src/storage/stores.ts';
import { film, queued, running, succeeded } from '../../helpers/reports/job-states.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { testSettings } from '../../helpers/worker/settings.ts';
import { startStorage } from '../../helpers/worker/storage.ts';

const plan = 'aaaaaaaaaaaa';
const job = { id: 'a', source: 'a.mp4', title: 'A' };
const leaseSeconds = 4.2;
const never = new AbortController().signal;
const headers = { contentType: 'application/json', cacheControl: 'no-cache' };
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
const sentAt = ago(5);
const begun: JobState = { ...running('a'), plan, queuedAt: sentAt.toISOString() };
const cancelled = (): Stop => ({ code: 'cancelled', message: 'By its owner.', at: ago(0).toISOString() });
const broken = (): Stop => ({
  code: 'trouble',
  message: 'Part 3 can’t be made.',
  at: ago(0).toISOString(),
  keepParts: true,
});

type Work = (signal: AbortSignal, run: MessageRun) => Promise<FilmOutcome>;

/** A worker of a farm whose films are made by up to three, with real storage; only the work on the film is the test's own. */
async function open(
  work: Work = async () => ({ kind: 'leftToPeers' }),
  examine: () => Promise<undefined> = async () => undefined,
  isPublished = false,
) {
  const storage = await startStorage();
  const plain = testSettings({
    RETRY_DELAY_SECONDS: '10',
    WORKERS_PER_FILM: '3',
    PARTS_QUEUE_URL: 'https://sqs.example/parts',
  });
  const settings = {
    ...plain,
    source: { ...plain.source, ...storage.bucket('films-in') },
    output: { ...plain.output, ...storage.bucket('films-out') },
  };
  const stores = openStores(settings);
  const { output } = stores;
  const { log } = recordingLogger();
  const reported: string[] = [];
  const asked: (FilmToJoin | 'transcode' | 'files')[] = [];
  /** Whether the job was stopped when its end was reported. */
  const stoppedByThen: Promise<boolean>[] = [];
  const watcher: Sink = {
    transition: ({ state }) => {
      reported.push(state);
      if (state === 'failed')
        stoppedByThen.push(output.head(new JobFolder('', 'a').stop).then((found) => found !== undefined));
    },
    confirmEnd: ({ state }, { requestId }) => reported.push(`${state} of ${requestId} again`),
  };
  const runner = new JobRunner({
    settings,
    transcode: (_, run) => {
      asked.push('transcode');
      return work(run.signal, run);
    },
    continueFilm: (film, run) => {
      asked.push(film);
      return work(run.signal, run);
    },
    isShared: async (_, planId) => planId === plan,
    reporter: createReporter({ sinks: [createStatusFiles(output, '', log), watcher] }),
    readStatus: (jobId) => readStatusFile(output, '', jobId, log),
    leaseSeconds,
    stops: new Stops(output, '', 0.2, log),
    finishPublished: async (_job, film) => {
      asked.push('files');
      return { kind: 'published', film };
    },
    isPublished: async () => isPublished,
    sourceRemoval: new SourceRemoval(settings, stores.storeFor),
    health: { examine },
    log,
    random: () => 0,
  });
  return {
    runJob: (...call: Parameters<JobRunner['runJob']>) => runner.runJob(...call),
    runPartRequest: (...call: Parameters<JobRunner['runPartRequest']>) => runner.runPartRequest(...call),
    reported,
    asked,
    stoppedByThen,
    output,
    status: () => readStatusFile(output, '', 'a', log),
    /** Another worker reports a state. */
    report: (state: JobState) => output.put(new JobFolder('', 'a').status, JSON.stringify(state), headers),
    stop: (stop: Stop) => writeStop(output, '', 'a', stop, never),
    readStop: () => readStop(output, '', 'a', ago(3600), never),
    async [Symbol.asyncDispose]() {
      stores.close();
      await storage[Symbol.asyncDispose]();
    },
  };
}

function message(body: unknown, more: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return {
    id: 'm-1',
    body: JSON.stringify(body),
    receiptHandle: 'receipt',
    receiveCount: 1,
    sentAt,
    attributes: {},
    ...more,
  };
}

const call = (more: Partial<ReceivedMessage> = {}) =>
  message({ job, requestId: 'r', plan, firstPart: 1 }, more);
const jobAsSent = JSON.stringify(job);
const fails =
  (error: Error): Work =>
  async () => {
    throw error;
  };
/** Works until it is stopped. */
const untilStopped: Work = async (signal) => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw new Error('ffmpeg was killed');
};

describe('a worker that helps', () => {
  it('works on the film as it was asked to, and says nothing by itself', async () => {
    await using farm = await open();
    await farm.report(begun);
    expect(await farm.runPartRequest(call(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual([{ job: { ...job, requestId: 'r' }, plan, role: 'helper', firstPart: 1 }]);
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(begun);
  });

  it('reports the end when it is the one to publish the film', async () => {
    await using farm = await open(async () => ({ kind: 'published', film }));
    await farm.report(begun);
    expect(await farm.runPartRequest(call(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual(['succeeded']);
  });

  it.each(['succeeded', 'failed'] as const)(
    'that fails after the job has %s says nothing: an end is never taken back',
    async (state) => {
      const entered = ago(60);
      const reported = Promise.withResolvers<void>();
      await using farm = await open(async () => {
        await reported.promise;
        throw new RefusedError('source-missing', 'The source was removed.');
      });
      const over = { ...(state === 'succeeded' ? succeeded('a') : begun), queuedAt: entered.toISOString() };
      const attributes = { queuedAt: entered.toISOString(), requestId: 'm-1' };
      await farm.report({ ...begun, queuedAt: entered.toISOString() });
      const ended = farm.runPartRequest(call({ attributes }), never);
      await farm.report({ ...over, state });
      reported.resolve();
      expect(await ended).toEqual({ kind: 'acknowledge' });
      expect(farm.reported).toEqual([]);
      expect((await farm.status())?.state).toBe(state);
      expect(await farm.readStop()).toBeUndefined();
    },
  );

  it('looks again later, under the same name, when enough are on the film', async () => {
    await using farm = await open(async () => ({ kind: 'atCapacity' }));
    await farm.report(begun);
    const later = { kind: 'hand-over', requestId: 'm-1', delaySeconds: 5 };
    expect(await farm.runPartRequest(call(), never)).toEqual(later);
    const again = call({ id: 'm-2', attributes: { requestId: 'm-1' } });
    expect(await farm.runPartRequest(again, never)).toEqual(later);
    expect(farm.reported).toEqual([]);
  });

  it('looks at the film again later when it has committed it, and another makes its files', async () => {
    let isRepeat: boolean | undefined;
    await using farm = await open(async (_, run) => {
      ({ isRepeat } = run);
      return { kind: 'atCapacity', hasCommitted: true };
    });
    await farm.report(begun);
    const outcome = await farm.runPartRequest(call(), never);
    expect(outcome).toMatchObject({ kind: 'hand-over', isRepeat: true });
    expect(isRepeat).toBe(false);
    await farm.runPartRequest(call({ id: 'm-2', attributes: { requestId: 'm-1', repeat: 'true' } }), never);
    expect(isRepeat).toBe(true);
  });

  it('has nothing to do when the film is published, but has for another plan', async () => {
    await using farm = await open();
    await farm.report({ ...succeeded('a'), film: { ...film, plan } });
    expect(await farm.runPartRequest(call(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual([]);
    await farm.report({ ...begun, film: { ...film, plan: 'older' } });
    await farm.runPartRequest(call(), never);
    expect(farm.asked).toHaveLength(1);
  });

  it('for a film that is not there any more says nothing: the job has become another film since', async () => {
    await using farm = await open();
    const since = { ...succeeded('a'), film: { ...film, plan: 'cccccccccccc' } };
    await farm.report(since);
    const late = message({ job, requestId: 'r', plan: 'bbbbbbbbbbbb', firstPart: 1 });
    expect(await farm.runPartRequest(late, never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(since);
  });

  it('reports that the job runs where nobody else has it running', async () => {
    await using farm = await open();
    await farm.report({ ...queued('a'), plan });
    await farm.runPartRequest(call(), never);
    expect(farm.reported).toEqual(['running']);
  });

  it('that has trouble tries again, with attempts of its own, and reports it where nobody goes on', async () => {
    await using farm = await open(async (_, { report }) => {
      await report.setReporting('reporting');
      throw new Error('no route to host');
    });
    await farm.report(begun);
    const outcome = await farm.runPartRequest(call({ attributes: { attempt: '2', requestId: 'p' } }), never);
    expect(outcome).toEqual({ kind: 'retry', attempt: 3, requestId: 'p', delaySeconds: 20 });
    expect(farm.reported).toEqual(['retrying']);
    expect(await farm.readStop()).toBeUndefined();
  });

  it.each([
    ['trouble', 'retry'],
    ['a stop of the worker', 'release'],
  ])('gives up for now because of %s without a word where others go on', async (why, kind) => {
    const abort = new AbortController();
    await using farm = await open(async () => {
      if (kind === 'release') abort.abort(new InterruptedError('stop'));
      throw new Error(why);
    });
    await farm.report(begun);
    expect(await farm.runPartRequest(call(), abort.signal)).toMatchObject({ kind });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(begun);
  });

  it('that is asked to stop after the job has ended says nothing, and its message does not come back', async () => {
    const abort = new AbortController();
    const entered = ago(60).toISOString();
    const over = { ...succeeded('a'), queuedAt: entered };
    await using farm = await open(async () => {
      await farm.report(over);
      abort.abort(new InterruptedError('stop'));
      throw new Error('ffmpeg was killed');
    });
    await farm.report({ ...begun, queuedAt: entered });
    const attributes = { queuedAt: entered, requestId: 'p' };
    expect(await farm.runPartRequest(call({ attributes }), abort.signal)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(over);
  });
});

describe('a job that others have begun', () => {
  it('is taken over as its planner, and its start is not reported again', async () => {
    await using farm = await open();
    await farm.report(begun);
    expect(await farm.runJob(message(job), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual([{ job: { ...job, requestId: 'm-1' }, plan, role: 'planner' }]);
    expect(farm.reported).toEqual([]);
  });

  it.each([
    ['by one worker alone', { ...begun, plan: 'bbbbbbbbbbbb' }],
    ['and that is in the queue again', { ...queued('a'), plan }],
  ])('%s begins again', async (_, state) => {
    await using farm = await open();
    await farm.report(state);
    await farm.runJob(message(job), never);
    expect(farm.asked).toEqual(['transcode']);
    expect(farm.reported).toEqual(['running']);
  });
});

describe('a job that is sent again', () => {
  const laterAt = new Date(sentAt.getTime() + 1000);
  const later = (more: Partial<ReceivedMessage> = {}) =>
    message(job, { id: 'm-2', sentAt: laterAt, ...more });

  it('is made as it is asked for now, though others make its film, and their work ends', async () => {
    const isBegun = Promise.withResolvers<void>();
    await using farm = await open(async (signal, run) => {
      if (run.messageId === 'm-2') return { kind: 'published', film };
      isBegun.resolve();
      return untilStopped(signal, run);
    });
    await farm.report(begun);
    const older = farm.runJob(message(job), never);
    await isBegun.promise;
    expect(await farm.runJob(later(), never)).toEqual({ kind: 'acknowledge' });
    expect(await older).toEqual({ kind: 'acknowledge' });
    expect(farm.asked.at(-1)).toBe('transcode');
    expect(farm.reported).toEqual(['running', 'succeeded']);
    expect(await farm.status()).toMatchObject({ state: 'succeeded', queuedAt: laterAt.toISOString() });
  });

  it('is not made as it was asked for before when that message is handed out once more', async () => {
    await using farm = await open(async () => ({ kind: 'published', film }));
    await farm.report({ ...succeeded('a'), queuedAt: sentAt.toISOString() });
    await farm.runJob(later(), never);
    const again = [message(job, { receiveCount: 2 }), call({ receiveCount: 2 })] as const;
    expect(await farm.runJob(again[0], never)).toEqual({ kind: 'acknowledge' });
    expect(await farm.runPartRequest(again[1], never)).toEqual({ kind: 'acknowledge' });
    expect(farm.asked).toEqual(['transcode']);
    expect(farm.reported).toEqual(['running', 'succeeded']);
  });

  it('only to add files ends nothing that was asked for before', async () => {
    await using farm = await open();
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
      (farm: Awaited<ReturnType<typeof open>>) => farm.runJob(message(job, { receiveCount: 2 }), never),
      'm-1',
    ],
    [
      'of a part request',
      (farm: Awaited<ReturnType<typeof open>>) => {
        const body = { job, requestId: 'r', plan: film.plan, firstPart: 1 };
        return farm.runPartRequest(message({ ...body, plan }, { receiveCount: 2 }), never);
      },
      'r',
    ],
  ])('%s sends that report again, makes what is left, and takes no state back', async (_, run, requestId) => {
    await using farm = await open(undefined, undefined, true);
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
      await using farm = await open(undefined, undefined, true);
      await farm.report(state as JobState);
      const body = { job, requestId: 'r', plan, firstPart: 1 };
      const putOff = message(body, { attributes: { repeat: 'true' } });
      expect(await farm.runPartRequest(putOff, never)).toEqual({ kind: 'acknowledge' });
      expect([...farm.asked, ...farm.reported]).toEqual([]);
      expect(await farm.status()).toEqual(state);
    },
  );

  it('begins again where the film is gone', async () => {
    await using farm = await open(async () => ({ kind: 'published', film }));
    await farm.report(done);
    await farm.runJob(message(job, { receiveCount: 2 }), never);
    expect(farm.reported).toEqual(['running', 'succeeded']);
  });

  it('does not report the end of a later request as its own', async () => {
    await using farm = await open(fails(new Error('the source was replaced')));
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
  await using farm = await open(async () => ({ kind: 'published', film }));
  await farm.report(begun);
  const add = message({ ...job, options: { outputs: ['mp4'], addToFilm: true } });
  expect(await farm.runJob(add, never)).toEqual({ kind: 'hand-over', requestId: 'm-1', delaySeconds: 5 });
  expect(farm.asked).toEqual([]);
  expect(await farm.status()).toEqual(begun);
  await farm.report(succeeded('a'));
  expect(await farm.runJob(add, never)).toEqual({ kind: 'acknowledge' });
  expect(farm.asked).toEqual(['transcode']);
});

describe('a job that cannot be made', () => {
  it('is stopped for all before that is reported, and after all have seen it', async () => {
    await using farm = await open(fails(new RefusedError('short-source', 'The film ends at 3 s.')));
    await farm.report(begun);
    const before = performance.now();
    expect(await farm.runPartRequest(call(), never)).toEqual({
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
    await using farm = await open(async (_signal, run) => {
      run.report.update({ plan });
      setTimeout(() => void farm.output.put(late, 'a segment', headers), 500);
      throw new RefusedError('source-replaced', 'The film was replaced.');
    });
    await farm.report(begun);
    expect(await farm.runPartRequest(call(), never)).toMatchObject({
      kind: 'give-up',
      code: 'source-replaced',
    });
    expect(await farm.output.head(late)).toBeUndefined();
  });

  it('because of trouble keeps what is recorded, for when it is redriven', async () => {
    await using farm = await open(fails(new Error('ffmpeg hangs')));
    await farm.report(begun);
    const last = call({ attributes: { attempt: '3' } });
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
    await using farm = await open(fails(new Error('a record is gone')), examine);
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
    expect(await farm.runPartRequest(call({ attributes }), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
    expect((await farm.status())?.state).toBe('failed');
  });

  it('before there is a plan concerns no other worker: no stop, no wait, and the message itself is the dead letter', async () => {
    await using farm = await open(fails(new RefusedError('not-media', 'A picture.')));
    const outcome = await farm.runJob(message(job), never);
    expect(outcome).toMatchObject({ kind: 'give-up', code: 'not-media' });
    expect(outcome).not.toHaveProperty('body');
    expect(await farm.readStop()).toBeUndefined();
  });

  it('and that kills its helpers is stopped for all', async () => {
    await using farm = await open();
    await farm.report(begun);
    expect(await farm.runPartRequest(call({ receiveCount: 26 }), never)).toMatchObject({
      kind: 'give-up',
      code: 'workers-lost',
    });
    expect(farm.asked).toEqual([]);
    expect(await farm.readStop()).toMatchObject({ code: 'workers-lost', keepParts: true });
  });

  it('stays stopped when its worker must go before it has reported: the message comes to another', async () => {
    const abort = new AbortController();
    await using farm = await open(fails(new RefusedError('short-source', 'The film ends at 3 s.')));
    await farm.report(begun);
    const outcome = farm.runPartRequest(call(), abort.signal);
    await sleep(800);
    abort.abort(new InterruptedError('stop'));
    expect(await outcome).toEqual({ kind: 'release' });
    expect(farm.reported).toEqual([]);
    expect(await farm.readStop()).toMatchObject({ code: 'short-source' });
  });
});

describe('a job that is cancelled', () => {
  it('before it began never runs: its end is reported at once, and no dead letter is sent', async () => {
    await using farm = await open();
    await farm.stop(cancelled());
    const before = performance.now();
    expect(await farm.runJob(message(job), never)).toEqual({ kind: 'acknowledge' });
    expect(performance.now() - before).toBeLessThan(1000);
    expect(farm.reported).toEqual(['failed']);
    expect(farm.asked).toEqual([]);
    expect((await farm.status())?.error).toEqual({ code: 'cancelled', message: 'By its owner.' });
  });

  it('and sent again afterwards is done as any other', async () => {
    await using farm = await open();
    await farm.stop(cancelled());
    await farm.runJob(message(job, { sentAt: ago(-2) }), never);
    expect(farm.asked).toEqual(['transcode']);
  });
});

// Each waits for its clocks.
describe.concurrent('of a stopped job', () => {
  it('the end is reported by one worker: a helper waits for it, and then has nothing to say', async () => {
    await using farm = await open(untilStopped);
    await farm.report(begun);
    const outcome = farm.runPartRequest(call(), never);
    await sleep(300);
    await farm.stop(broken());
    await sleep(1000);
    await farm.report({
      ...begun,
      state: 'failed',
      error: { code: 'trouble', message: 'Part 3 can’t be made.' },
    });
    expect(await outcome).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
  });

  it('the end is reported by a helper where who stopped it died: with its reason, and a dead letter that is the job', async () => {
    await using farm = await open();
    await farm.report(begun);
    await farm.output.put(`a/${plan}/parts/0000.json`, '{}', headers);
    await farm.stop(broken());
    const before = performance.now();
    const outcome = await farm.runPartRequest(call(), never);
    const seconds = (performance.now() - before) / 1000;
    expect(seconds).toBeGreaterThan(10);
    expect(seconds).toBeLessThan(15);
    const { code, message: reason } = broken();
    expect(outcome).toEqual({ kind: 'give-up', jobId: 'a', requestId: 'r', code, reason, body: jobAsSent });
    expect(farm.reported).toEqual(['failed']);
    expect(farm.asked).toEqual([]);
    expect((await farm.status())?.error).toEqual({ code, message: reason });
    expect(await farm.output.head(`a/${plan}/parts/0000.json`)).toBeDefined();
  });

  it('that is cancelled while it runs the work ends; what is published of it is removed, but for its state', async () => {
    await using farm = await open(untilStopped);
    await farm.report(begun);
    await farm.output.put(`a/${plan}/parts/0000.json`, '{}', headers);
    const outcome = farm.runJob(message(job), never);
    await sleep(300);
    await farm.stop(cancelled());
    // Nobody else is there to report it.
    expect(await outcome).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual(['failed']);
    const left: string[] = [];
    for await (const { key } of farm.output.list('a/')) left.push(key);
    expect(left).toEqual(['a/status.json', 'a/stop.json']);
  });

  it('a part request that outlived it says nothing of the job’s next run, which was sent afterwards', async () => {
    await using farm = await open();
    await farm.stop(broken());
    const next = { ...begun, queuedAt: ago(-2).toISOString() };
    await farm.report(next);
    expect(await farm.runPartRequest(call(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(next);
  });

  it('a worker that must go while it waits gives its message back', async () => {
    await using farm = await open();
    await farm.report(begun);
    await farm.stop(broken());
    const abort = new AbortController();
    const outcome = farm.runPartRequest(call(), abort.signal);
    await sleep(500);
    abort.abort(new InterruptedError('stop'));
    expect(await outcome).toEqual({ kind: 'release' });
    expect(farm.reported).toEqual([]);
  });
});
