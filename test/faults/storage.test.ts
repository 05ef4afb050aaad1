import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FaultFarm, get, holdAt, put, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectClean, expectFilm, expectRefused } from '../helpers/local-farm/job-ends.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { pattern } from '../helpers/media/pattern.ts';
import { until } from '../helpers/until.ts';

let faults: FaultFarm;
/** Uncompressed: larger than what the worker holds in memory, so that it is read while it is encoded. */
let large: Buffer;
const largeKey = 'films/large.mov';
const largeFilm = { size: [320, 240] as [number, number], frames: 200, segments: 4 };

beforeAll(async () => {
  faults = await startFaultFarm({ STORAGE_PATIENCE_SECONDS: '60', MAX_ATTEMPTS: '2' });
  const path = join(faults.folder, 'large.mov');
  await ffmpeg(
    ...pattern({ width: 320, height: 240, seconds: 8 }),
    ...['-c:v', 'rawvideo', '-pix_fmt', 'uyvy422', '-movflags', '+faststart', path],
  );
  large = await readFile(path);
  await faults.farm.put(largeKey, large);
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

/** Reads of a film's bytes. */
const reads = get(/\/large\.mov$/);

describe('storage that is cut off', () => {
  it('while the film is read: the worker goes on where it was', async () => {
    const id = await faults.send({ source: largeKey });
    faults.startWorker();
    await until(
      () => faults.s3.requests.filter((line) => /GET .*large\.mov/.test(line)).length > 4,
      'reading',
    );
    await faults.s3.injectFor(5, { kind: 'cut' });
    expect((await expectFilm(faults, id, { film: largeFilm })).attempt).toBe(1);
  });

  it('while segments are published: they go up afterwards', async () => {
    const id = await faults.send();
    faults.startWorker();
    await holdAt(faults.s3, put(/\/00001\.m4s$/));
    await faults.s3.injectFor(5, { kind: 'cut' });
    expect((await expectFilm(faults, id)).attempt).toBe(1);
  });

  it('for longer than the worker is patient: the job is tried again', async () => {
    const id = await faults.send();
    const worker = faults.startWorker({ STORAGE_PATIENCE_SECONDS: '3' });
    await holdAt(faults.s3, put(/\/00001\.m4s$/));
    faults.s3.inject({ kind: 'status', status: 503, code: 'ServiceUnavailable' }, put(/\.m4s$/));
    await until(() => worker.log.some((line) => line.includes('it will be tried again')), 'the failure');
    faults.s3.heal();
    expect((await expectFilm(faults, id)).attempt).toBe(2);
  });
});

describe('storage that is unwell', () => {
  it('says SlowDown to each fifth request: the film is made, with few requests more', async () => {
    const id = await faults.send({ source: largeKey });
    const before = faults.s3.requests.length;
    faults.s3.inject({ kind: 'status', status: 503, code: 'SlowDown' }, { share: 0.2 });
    faults.startWorker();
    expect((await expectFilm(faults, id, { film: largeFilm })).attempt).toBe(1);
    const { spoilt } = faults.s3;
    expect(spoilt).toBeGreaterThan(5);
    expect(faults.s3.requests.length - before).toBeLessThan(200);
  });

  it.each(['truncate', 'reset'] as const)(
    'ends bodies early (%s): the rest is asked for again',
    async (kind) => {
      const id = await faults.send({ source: largeKey });
      faults.s3.inject({ kind, afterBytes: 300_000 }, { ...reads, times: 4 });
      faults.startWorker();
      expect((await expectFilm(faults, id, { film: largeFilm })).attempt).toBe(1);
    },
  );

  it('never answers: the request is made again', async () => {
    const id = await faults.send({ source: largeKey });
    faults.s3.inject({ kind: 'hang' }, { match: ({ url }) => /large\.mov|\.m4s/.test(url), times: 3 });
    faults.startWorker();
    expect((await expectFilm(faults, id, { film: largeFilm })).attempt).toBe(1);
  });

  it('trickles: the connection is given up for a new one', async () => {
    const id = await faults.send({ source: largeKey });
    faults.s3.inject({ kind: 'trickle', bytesPerSecond: 1000 }, { ...reads, times: 3 });
    faults.startWorker();
    expect((await expectFilm(faults, id, { film: largeFilm })).attempt).toBe(1);
  });

  it('gives wrong bytes: the checksum shows it, and they are read again', async () => {
    const id = await faults.send();
    const lost = faults.startWorker();
    await holdAt(faults.s3, put(/\/index\.m3u8$/));
    lost.kill('SIGKILL');
    await lost.exited;
    const before = (await faults.runs()).length;
    const spoiltBefore = faults.s3.spoilt;
    faults.s3.inject({ kind: 'corrupt', atByte: 0 }, { ...get(/\/parts\/0001\.json$/), times: 2 });
    faults.startWorker();
    await expectFilm(faults, id);
    expect((await faults.runs()).length).toBe(before);
    expect(faults.s3.spoilt - spoiltBefore).toBe(2);
  });
});

describe('a source that changes while it is read', () => {
  /** Uploads the film, and stops its worker in the middle of reading it. */
  async function readHalf(key: string): Promise<string> {
    await faults.farm.put(key, large);
    const worker = faults.startWorker();
    await until(() => worker.log.some((line) => line.includes('"planned"')), 'the plan');
    await holdAt(faults.s3, get(new RegExp(`/${key}$`)));
    const [id = ''] = (await faults.farm.jobIds()).filter((job) => job.startsWith(key.slice(6, -4)));
    return id;
  }

  it('a newer upload ends the job and is a job of its own', async () => {
    const id = await readHalf('inbox/replaced.mov');
    await faults.farm.put('inbox/replaced.mov', Buffer.concat([large, Buffer.alloc(8)]));
    faults.s3.heal();
    await expectRefused(faults, id, 'source-replaced');
    const ids = async () =>
      (await faults.farm.jobIds()).filter((job) => /^replaced-/.test(job) && job !== id);
    await until(async () => (await ids()).length === 1, 'the newer job');
    await expectFilm(faults, (await ids())[0] ?? '', { film: largeFilm });
  });

  it('a removed one ends the job', async () => {
    const id = await readHalf('inbox/removed.mov');
    const { s3, sourceBucket } = faults.farm;
    await s3.send(new DeleteObjectCommand({ Bucket: sourceBucket, Key: 'inbox/removed.mov' }));
    faults.s3.heal();
    await expectRefused(faults, id, 'source-missing');
    await expectClean(faults);
  });
});
