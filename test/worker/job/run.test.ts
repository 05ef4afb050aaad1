import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InterruptedError, RefusedError } from '../../../worker/src/errors.ts';
import type { Sickness } from '../../../worker/src/health/health.ts';
import { SourceRemoval } from '../../../worker/src/job/remove-source.ts';
import { JobRunner, type JobRunnerOptions } from '../../../worker/src/job/run.ts';
import { Stops } from '../../../worker/src/job/stop.ts';
import type { ReceivedMessage } from '../../../worker/src/protocol/queue-message.ts';
import type { Film, JobState } from '../../../worker/src/protocol/status.ts';
import { LeaseLostError, LeaseSpentError } from '../../../worker/src/queue/lease.ts';
import { maxReceives } from '../../../worker/src/queue/outcome.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import type { Sink } from '../../../worker/src/report/sink.ts';
import { createStatusFiles, readStatusFile } from '../../../worker/src/report/status-file.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { openStores, type Stores } from '../../../worker/src/storage/stores.ts';
import { film as anyFilm } from '../../helpers/reports/job-states.ts';
import { s3Event, s3Record } from '../../helpers/worker/messages.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { testSettings } from '../../helpers/worker/settings.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

let storage: TestStorage;
let stores: Stores | undefined;
const film: Film = { ...anyFilm, playlist: 'a/index.m3u8' };

beforeEach(async () => {
  storage = await startStorage();
});
afterEach(async () => {
  stores?.close();
  stores = undefined;
  await storage[Symbol.asyncDispose]();
});

/** A runner with real storage; only the transcoding is the test's own. */
function open(transcode: TranscodeJob, environment: Partial<WorkerEnvironment> = {}, sickness?: Sickness) {
  const plain = testSettings({ RETRY_DELAY_SECONDS: '10', ...environment });
  const settings = {
    ...plain,
    source: { ...plain.source, ...storage.bucket('films-in') },
    output: { ...plain.output, ...storage.bucket('films-out') },
  };
  const opened = openStores(settings);
  stores = opened;
  const { log, lines } = recordingLogger();
  const reported: string[] = [];
  const watcher: Sink = { transition: ({ state, attempt }) => void reported.push(`${state} ${attempt}`) };
  const runner = new JobRunner({
    settings,
    transcode,
    reporter: createReporter({ sinks: [createStatusFiles(opened.output, '', log), watcher] }),
    readStatus: (jobId) => readStatusFile(opened.output, '', jobId, log),
    continueFilm: async () => ({ kind: 'leftToPeers' }),
    isShared: async () => false,
    leaseSeconds: 60,
    stops: new Stops(opened.output, '', 5, log),
    finishPublished: async (_job, film) => ({ kind: 'published', film }),
    isPublished: async ({ playlist }) => (await opened.output.head(playlist ?? '')) !== undefined,
    sourceRemoval: new SourceRemoval(settings, opened.storeFor),
    health: { examine: async () => sickness },
    log,
    random: () => 0,
  });
  const status = () => readStatusFile(opened.output, '', 'a', log) as Promise<JobState>;
  const put = (key: string, body: string) =>
    opened.source.put(key, body, { contentType: 'video/mp4', cacheControl: 'no-cache' });
  const publish = (body = '#EXTM3U') =>
    opened.output.put(film.playlist ?? '', body, { contentType: 'text/plain', cacheControl: 'no-cache' });
  const run: JobRunner['runJob'] = (...call) => runner.runJob(...call);
  return { run, status, put, publish, reported, lines, stores: opened };
}

function message(body: unknown, more: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return {
    id: 'm-1',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    receiptHandle: 'receipt',
    receiveCount: 1,
    sentAt: new Date(Date.now() - 5000),
    attributes: {},
    ...more,
  };
}

type TranscodeJob = JobRunnerOptions['transcode'];

const job = { id: 'a', source: 'a.mp4', title: 'A', metadata: { n: 1 } };
const never = new AbortController().signal;
const succeeds: TranscodeJob = async () => ({ kind: 'published', film });
const fails =
  (error: Error): TranscodeJob =>
  async () => {
    throw error;
  };

it('a failure of a sick worker costs the job no attempt, and its message goes to another at once', async () => {
  const sick: Sickness = { of: 'encoder', reason: 'No capable devices found' };
  const { run, reported, lines } = open(fails(new Error('ffmpeg ended with exit code 1')), {}, sick);
  expect(await run(message(job, { attributes: { attempt: '3' } }), never)).toEqual({ kind: 'release' });
  expect(reported).toEqual(['running 3', 'queued 3']);
  expect(lines.find(({ sickness }) => sickness)).toMatchObject({ sickness: sick, job: 'a' });
});

it('a refusal that no ffmpeg has spoken is the job’s own, however sick the worker is', async () => {
  const sick: Sickness = { of: 'encoder', reason: 'No capable devices found' };
  const { run, reported } = open(fails(new RefusedError('too-long', 'Too long.')), {}, sick);
  expect(await run(message(job), never)).toMatchObject({ kind: 'give-up', code: 'too-long' });
  expect(reported).toEqual(['running 1', 'failed 1']);
});

it('a success is reported before it is acknowledged', async () => {
  const { run, status, reported } = open(async (queued, { report }) => {
    expect(queued).toEqual({ ...job, requestId: 'm-1' });
    expect((await status()).state).toBe('running');
    report.update({ warnings: ['audio track 3 was left out'], timings: { encodeSeconds: 3 } });
    return { kind: 'published', film };
  });
  expect(await run(message(job), never)).toEqual({ kind: 'acknowledge' });
  expect(reported).toEqual(['running 1', 'succeeded 1']);
  expect(await status()).toMatchObject({
    state: 'succeeded',
    title: 'A',
    film,
    warnings: ['audio track 3 was left out'],
    timings: { encodeSeconds: 3, waitSeconds: expect.closeTo(5, 0) },
  });
});

describe('a film that will never work', () => {
  it('fails at its first attempt, with the reason for status and dead letters', async () => {
    const { run, status, reported } = open(fails(new RefusedError('not-media', 'The file is a picture.')));
    expect(await run(message(job), never)).toEqual({
      kind: 'give-up',
      jobId: 'a',
      requestId: 'm-1',
      code: 'not-media',
      reason: 'The file is a picture.',
    });
    expect(reported).toEqual(['running 1', 'failed 1']);
    expect((await status()).error).toEqual({ code: 'not-media', message: 'The file is a picture.' });
  });

  it('is reported even when the job itself is unreadable, if its id is known', async () => {
    const { run, status } = open(succeeds);
    const outcome = await run(message({ ...job, colour: 'blue' }), never);
    expect(outcome).toMatchObject({ kind: 'give-up', jobId: 'a', code: 'bad-message' });
    expect(await status()).toMatchObject({
      state: 'failed',
      error: { message: expect.stringMatching(/colour/) },
    });
  });

  it('and is no job at all goes to the dead letters without a report', async () => {
    const { run, reported } = open(succeeds);
    expect(await run(message('hello'), never)).toMatchObject({ kind: 'give-up', code: 'bad-message' });
    expect(reported).toEqual([]);
  });
});

describe('trouble', () => {
  const down = fails(new Error('The network is down.'));

  it('is tried again, later each time, and the state says which attempt failed', async () => {
    const { run, status } = open(down);
    expect(await run(message(job), never)).toEqual({
      kind: 'retry',
      attempt: 2,
      requestId: 'm-1',
      delaySeconds: 10,
    });
    expect(await status()).toMatchObject({
      state: 'retrying',
      attempt: 1,
      maxAttempts: 3,
      error: { code: 'trouble', message: 'The network is down.' },
    });
    const second = message(job, { id: 'm-2', attributes: { attempt: '2', requestId: 'm-1' } });
    expect(await run(second, never)).toMatchObject({ kind: 'retry', attempt: 3, delaySeconds: 20 });
  });

  it('at the last attempt fails the job', async () => {
    const { run, status } = open(down);
    const last = message(job, { attributes: { attempt: '3', requestId: 'r' } });
    expect(await run(last, never)).toMatchObject({
      kind: 'give-up',
      jobId: 'a',
      requestId: 'r',
      code: 'trouble',
    });
    expect(await status()).toMatchObject({ state: 'failed', attempt: 3 });
  });
});

describe('an interruption', () => {
  /** Hears the signal and ends as ffmpeg does when it is killed: with an error of another kind. */
  const endsBadly: TranscodeJob = async (_, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    throw new RefusedError('not-media', 'ffprobe was killed');
  };

  async function interruptedBy(reason: Error, transcode = endsBadly) {
    const opened = open(transcode);
    const abort = new AbortController();
    const outcome = opened.run(message(job, { attributes: { attempt: '2' } }), abort.signal);
    await vi.waitFor(() => expect(opened.reported).toEqual(['running 2']));
    abort.abort(reason);
    return { ...opened, outcome: await outcome };
  }

  it('by a stop costs no attempt: the job is queued again', async () => {
    const { outcome, status, reported } = await interruptedBy(new InterruptedError('stop'));
    expect(outcome).toEqual({ kind: 'release' });
    expect(reported).toEqual(['running 2', 'queued 2']);
    expect(await status()).toMatchObject({ state: 'queued', attempt: 2 });
  });

  it('by twelve hours of work hands the job over', async () => {
    const { outcome } = await interruptedBy(new LeaseSpentError('12 h'));
    expect(outcome).toEqual({ kind: 'hand-over', requestId: 'm-1', delaySeconds: 0 });
  });

  it('by a lost hold is not reported: another worker has the job', async () => {
    const { outcome, reported, status } = await interruptedBy(new LeaseLostError('gone'));
    expect(outcome).toEqual({ kind: 'abandon' });
    expect(reported).toEqual(['running 2']);
    await sleep(50);
    expect((await status()).state).toBe('running');
  });

  it('that comes when the film is already published is too late', async () => {
    const { outcome } = await interruptedBy(new InterruptedError('stop'), async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return { kind: 'published', film };
    });
    expect(outcome).toEqual({ kind: 'acknowledge' });
  });
});

it('a message that no worker survives fails its job, which is reported', async () => {
  const { run, status } = open(succeeds);
  expect((await run(message(job, { receiveCount: maxReceives }), never)).kind).toBe('acknowledge');
  const outcome = await run(message(job, { receiveCount: maxReceives + 1 }), never);
  expect(outcome).toMatchObject({ kind: 'give-up', code: 'workers-lost', jobId: 'a' });
  expect((await status()).state).toBe('failed');
});

it('ten interruptions do not count as lost workers', () => {
  expect(maxReceives).toBeGreaterThan(20);
});

it('a message that concerns nobody is acknowledged', async () => {
  const { run, lines } = open(succeeds, { SOURCE_SUFFIXES: '.mp4' });
  expect(await run(message(s3Event(s3Record({ key: 'notes.txt' }))), never)).toEqual({
    kind: 'acknowledge',
  });
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'ignored a message', messageId: 'm-1' }));
});

it('an event with several uploads is cut up', async () => {
  const { run } = open(succeeds);
  const event = s3Event(s3Record({ key: 'a.mp4' }), s3Record({ key: 'b.mp4' }));
  expect(await run(message(event), never)).toMatchObject({
    kind: 'fan-out',
    bodies: [/a\.mp4/, /b\.mp4/].map((key) => expect.stringMatching(key)),
  });
});

it('success is reported before what the film replaces is removed', async () => {
  let status: () => Promise<JobState> = () => Promise.reject(new Error('no run yet'));
  const seen: string[] = [];
  const opened = open(async () => ({
    kind: 'published',
    film,
    cleanUp: async () => void seen.push((await status()).state),
  }));
  status = opened.status;
  expect(await opened.run(message(job), never)).toEqual({ kind: 'acknowledge' });
  expect(seen).toEqual(['succeeded']);
});

describe('the source', () => {
  const unwanted = { ...job, options: { keepSource: false } };

  it('is removed after success where the job does not want it kept', async () => {
    const { run, put, stores } = open(succeeds);
    await put('a.mp4', 'film');
    await run(message(unwanted), never);
    expect(await stores.source.head('a.mp4')).toBeUndefined();
  });

  it('is removed without the music that was heard under it', async () => {
    const { run, put, stores } = open(succeeds);
    await put('a.mp4', 'film');
    await put('theme.mp3', 'music');
    const options = { ...unwanted.options, music: { source: 'theme.mp3' } };
    await run(message({ ...unwanted, options }), never);
    expect(await stores.source.head('a.mp4')).toBeUndefined();
    expect(await stores.source.head('theme.mp3')).toBeDefined();
  });

  it('is removed where the farm says so and the job says nothing', async () => {
    const { run, put, stores } = open(succeeds, { KEEP_SOURCE: 'false' });
    await put('a.mp4', 'film');
    await run(message(job), never);
    expect(await stores.source.head('a.mp4')).toBeUndefined();
  });

  it.each<[string, unknown, Partial<WorkerEnvironment>, TranscodeJob]>([
    ['by default', job, {}, succeeds],
    [
      'where the job wants it, whatever the farm says',
      { ...job, options: { keepSource: true } },
      { KEEP_SOURCE: 'false' },
      succeeds,
    ],
    ['when the job failed', unwanted, {}, fails(new RefusedError('too-long', 'no'))],
    ['when the job is to be tried again', unwanted, {}, fails(new Error('no'))],
  ])('is kept %s', async (_, body, environment, transcode) => {
    const { run, put, stores } = open(transcode, environment);
    await put('a.mp4', 'film');
    await run(message(body), never);
    expect(await stores.source.head('a.mp4')).toBeDefined();
  });

  it('is kept when it is another upload by now', async () => {
    let upload: (key: string, body: string) => Promise<void> = async () => {};
    const { run, put, stores } = open(async () => {
      await upload('a.mp4', 'a newer film');
      return { kind: 'published', film };
    });
    upload = put;
    await put('a.mp4', 'film');
    await run(message(unwanted), never);
    expect((await stores.source.get('a.mp4'))?.toString()).toBe('a newer film');
  });

  it('of another bucket is not removed by the farm’s setting, which speaks of the source bucket', async () => {
    const { run, stores } = open(succeeds, { KEEP_SOURCE: 'false' });
    storage.bucket('archive');
    const archive = stores.storeFor('archive');
    await archive.put('a.mp4', 'film', { contentType: 'video/mp4', cacheControl: 'no-cache' });
    await run(message({ ...job, source: 's3://archive/a.mp4' }), never);
    expect(await archive.head('a.mp4')).toBeDefined();
  });

  it('that is gone after a success is no failure when the message comes again', async () => {
    let gone = false;
    const { run, status, publish } = open(async () => {
      if (gone) throw new RefusedError('source-missing', 'The source does not exist.');
      return { kind: 'published', film };
    });
    await run(message(job), never);
    await publish();
    gone = true;
    expect(await run(message(job, { receiveCount: 2 }), never)).toEqual({ kind: 'acknowledge' });
    expect(await status()).toMatchObject({ state: 'succeeded', film });
  });

  it('that never was is a failure', async () => {
    const { run, status } = open(fails(new RefusedError('source-missing', 'The source does not exist.')));
    expect(await run(message(job), never)).toMatchObject({ kind: 'give-up', code: 'source-missing' });
    expect((await status()).state).toBe('failed');
  });
});
