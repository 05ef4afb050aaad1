import { ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../cli/local-farm/worker.ts';
import type { JobOptions } from '../../worker/src/protocol/job.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { type FaultFarm, get, holdAt, put, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { deadLetters, expectClean } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { longFilm, putLongFilm } from '../helpers/media/long-film.ts';
import { noiseFilm, picturesOf, putNoiseFilm, streamPictures } from '../helpers/media/noise-film.ts';
import { startSharedFilm } from '../helpers/media/shared-film.ts';
import { patience } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm({ QUALITY: 'high' }, { encodeSeconds: 1, visibilityTimeoutSeconds: 8 });
  await putNoiseFilm(faults, 12);
}, 180_000 * patience);

afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const outputs: JobOptions['outputs'] = ['hls', 'mp4'];

const isCommitted = async (id: string) => (await faults.farm.read(`${id}/index.m3u8`)) !== undefined;

/** The stream and one whole file of the same frames, reported once, and nothing left behind. */
async function expectFilm(id: string): Promise<JobState> {
  const { farm, receiver } = faults;
  const state = await farm.waitFor(id, 'succeeded', 120);
  await until(async () => (await farm.backlog()) === 0, 'the message to be deleted', 90);
  await until(
    async () => (await farm.backlog(farm.partsQueueUrl)) === 0,
    'all part requests to be taken',
    90,
  );
  expect(await deadLetters(faults)).toEqual([]);
  const [file, ...more] = state.film?.files ?? [];
  expect(more).toEqual([]);
  const bytes = await farm.readBytes(file?.key ?? '');
  expect(file?.bytes).toBe(bytes.length);
  const rendition = `${id}/${state.film?.plan}/${file?.name.replace('.mp4', '')}/`;
  expect(await picturesOf(bytes, faults)).toBe(await streamPictures(faults, rendition));
  const leases = `${id}/${state.film?.plan}/leases/`;
  await until(async () => (await farm.keys(leases)).length === 0, 'all leases to be released');
  const reports = receiver.deliveries.map(({ body }) => JSON.parse(body) as { type: string; data: JobState });
  const ends = reports.filter(({ type, data }) => type === 'job.succeeded' && data.id === id);
  expect(new Set(ends.map(({ data }) => data.film?.files?.length))).toEqual(new Set([1]));
  return state;
}

const unfinished = async () =>
  (await faults.farm.s3.send(new ListMultipartUploadsCommand({ Bucket: faults.farm.outputBucket })))
    .Uploads ?? [];

describe('a large MP4 that goes up while its film is made', () => {
  const job = { source: noiseFilm.key, options: { ...noiseFilm.options, outputs } };

  /** The first holds the index, and goes up last. */
  const second = {
    match: ({ method, url }: { method: string; url: string }) =>
      method === 'PUT' && new URL(url, 'http://s3').searchParams.get('partNumber') === '2',
  };

  it(
    'is there after the commit, and not before',
    async () => {
      const id = await faults.send(job);
      faults.startWorker();
      await holdAt(faults.s3, second, 60);
      expect(await isCommitted(id)).toBe(false);
      faults.s3.heal();
      const { film } = await expectFilm(id);
      expect(film?.files?.[0]?.bytes).toBeGreaterThan(3 * 8 * 2 ** 20);
      await expectClean(faults);
      expect(await unfinished()).toEqual([]);
    },
    120_000 * patience,
  );

  it(
    'is taken back by a worker that is stopped in the middle of the film, and made by the next',
    async () => {
      const id = await faults.send(job);
      const stopped = faults.startWorker();
      await holdAt(faults.s3, second, 60);
      stopped.kill('SIGTERM');
      await stopped.exited;
      expect(await isCommitted(id)).toBe(false);
      expect(await unfinished()).toEqual([]);
      faults.s3.heal();
      faults.startWorker();
      await expectFilm(id);
      await expectClean(faults);
    },
    120_000 * patience,
  );
});

describe('an MP4 that is begun while its film is made', () => {
  const job = { options: { outputs } };
  const segment = get(/\/00001\.m4s$/);

  it('is made by the next worker when the first is killed in the middle of the film', async () => {
    const id = await faults.send(job);
    const lost = faults.startWorker();
    await holdAt(faults.s3, segment);
    expect(await isCommitted(id)).toBe(false);
    lost.kill('SIGKILL');
    await lost.exited;
    faults.s3.heal();
    faults.startWorker();
    await expectFilm(id);
    await expectClean(faults);
  });

  it('is made again when a segment could not be read', async () => {
    const id = await faults.send(job);
    faults.s3.inject({ kind: 'status', status: 403, code: 'AccessDenied' }, { ...segment, times: 1 });
    const worker = faults.startWorker();
    await expectFilm(id);
    expect(logLines(worker.log).map(({ msg }) => msg)).toContain(
      'a file that was begun before the commit is made again',
    );
    await expectClean(faults);
  });
});

describe('an MP4 of a film that several workers make', () => {
  const env = { WORKERS_PER_FILM: '3' };
  const job = { source: longFilm.key, options: { outputs } };
  /** Not read yet when the helpers are there. */
  const segment = get(/\/00009\.m4s$/);
  const makersOf = (workers: readonly WorkerProcess[]) =>
    workers.filter(({ log }) => logLines(log).some(({ msg }) => msg === 'file published')).length;

  beforeAll(() => putLongFilm(faults));

  it('is finished by the worker that began it, whoever commits the film', async () => {
    const { id, lead, helpers } = await startSharedFilm(faults, job, env);
    const { timings } = await expectFilm(id);
    expect(timings).toMatchObject({ encodeSeconds: expect.any(Number), publishSeconds: expect.any(Number) });
    expect([makersOf([lead]), makersOf(helpers)]).toEqual([1, 0]);
    await expectClean(faults);
  });

  it('is made by another worker when the one that began it is killed', async () => {
    const { id, lead, helpers } = await startSharedFilm(faults, job, env);
    await holdAt(faults.s3, segment);
    lead.kill('SIGKILL');
    faults.s3.heal();
    await expectFilm(id);
    expect(makersOf(helpers)).toBe(1);
  });

  it('is made when the lease of a worker that is gone was live until after the commit', async () => {
    const { farm } = faults;
    faults.s3.inject(
      { kind: 'status', status: 412, code: 'PreconditionFailed' },
      { ...put(/\/leases\/files$/), times: 1 },
    );
    const { id, lead, helpers } = await startSharedFilm(faults, job, env);
    const said = (worker: WorkerProcess, message: RegExp) =>
      logLines(worker.log).find(({ msg }) => message.test(String(msg)));
    const plan = String(said(lead, /^planned$/)?.plan);
    const lease = { version: 1, owner: 'gone', messageId: 'gone', renewals: 0, kept: false };
    const isPutOff = () =>
      [lead, ...helpers].some((worker) => said(worker, /^another worker makes the files of the film$/));
    await until(
      async () => {
        const Key = `${id}/${plan}/leases/files`;
        await farm.s3.send(
          new PutObjectCommand({ Bucket: farm.outputBucket, Key, Body: JSON.stringify(lease) }),
        );
        return isPutOff();
      },
      'the worker that committed the film to be put off',
      60,
    );
    await expectFilm(id);
    await expectClean(faults);
  });

  it('is whole when the worker that began it stands still until others have made it', async () => {
    const { id, lead, helpers } = await startSharedFilm(faults, job, env);
    await holdAt(faults.s3, segment);
    lead.kill('SIGSTOP');
    faults.s3.heal();
    await until(() => makersOf(helpers) === 1, 'the file', 90);
    lead.kill('SIGCONT');
    await expectFilm(id);
    await expectClean(faults);
  });
});
