import { DeleteObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { type FaultFarm, holdAt, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectClean } from '../helpers/local-farm/job-ends.ts';
import { noiseFilm, picturesOf, putNoiseFilm, streamPictures } from '../helpers/media/noise-film.ts';
import { says } from '../helpers/media/shared-film.ts';
import { patience } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';

/** An MP4 of several parts of 8 MiB, most of which go up while ffmpeg writes it. */
let faults: FaultFarm;
let id: string;
/** Of the published stream. */
let pictures: string;
let key: string;

const seconds = 8;

beforeAll(async () => {
  faults = await startFaultFarm({ QUALITY: 'high' });
  const { farm } = faults;
  await putNoiseFilm(faults, seconds);
  faults.startWorker();
  id = await faults.send({
    source: noiseFilm.key,
    options: noiseFilm.options,
  });
  const { film } = await farm.waitFor(id, 'succeeded', 120);
  pictures = await streamPictures(faults, `${id}/${film?.plan}/360p/`);
  key = `${id}/${film?.plan}/files/360p.mp4`;
  await faults.reset();
}, 180_000 * patience);

afterEach(async () => {
  await faults.reset();
  await faults.farm.s3.send(new DeleteObjectCommand({ Bucket: faults.farm.outputBucket, Key: key }));
});
afterAll(() => faults[Symbol.asyncDispose]());

const part = (number: number) => ({
  match: ({ method, url }: { method: string; url: string }) =>
    method === 'PUT' && new URL(url, 'http://s3').searchParams.get('partNumber') === String(number),
});

const ask = () =>
  faults.send({ id, source: noiseFilm.key, options: { addToFilm: true, outputs: ['mp4:360p'] } });

/** One whole file in the place of the others, and nothing left behind. */
async function expectFile(): Promise<void> {
  const { farm } = faults;
  const state = async () => JSON.parse((await farm.read(`${id}/status.json`)) ?? '') as JobState;
  await until(async () => (await farm.backlog()) === 0, 'the message to be deleted', 90);
  const { film, state: name } = await state();
  expect(name).toBe('succeeded');
  const bytes = await farm.readBytes(key);
  expect(film?.files).toMatchObject([{ key, bytes: bytes.length }]);
  expect(bytes.length).toBeGreaterThan(3 * 8 * 2 ** 20);
  expect(await picturesOf(bytes, faults)).toBe(pictures);
  await expectClean(faults);
}

const unfinished = async () =>
  (await faults.farm.s3.send(new ListMultipartUploadsCommand({ Bucket: faults.farm.outputBucket })))
    .Uploads ?? [];

describe('a large MP4 that goes up while it is written', () => {
  it.each([1, 2, 3])(
    'is made by the next worker when the first is killed while part %i goes up',
    async (number) => {
      await ask();
      const lost = faults.startWorker();
      await holdAt(faults.s3, part(number));
      lost.kill('SIGKILL');
      await lost.exited;
      faults.s3.heal();
      faults.startWorker();
      await expectFile();
    },
  );

  it('is taken back by a worker that is stopped, and made by the next', async () => {
    await ask();
    const stopped = faults.startWorker();
    await holdAt(faults.s3, part(3));
    stopped.kill('SIGTERM');
    await stopped.exited;
    expect(await unfinished()).toEqual([]);
    faults.s3.heal();
    faults.startWorker();
    await expectFile();
  });

  it('is whole when a worker that stood still goes on after another one has made it', async () => {
    await ask();
    const still = faults.startWorker();
    await holdAt(faults.s3, part(2));
    still.kill('SIGSTOP');
    faults.s3.heal();
    const next = faults.startWorker();
    await says(next, 'file published');
    still.kill('SIGCONT');
    await expectFile();
    expect(await unfinished()).toEqual([]);
  });

  it('is whole when storage refuses parts for a while, breaks off and loses answers', async () => {
    await ask();
    faults.s3.inject({ kind: 'status', status: 503, code: 'SlowDown' }, { ...part(2), times: 2 });
    faults.startWorker();
    await until(() => faults.s3.spoilt >= 2, 'two parts to be refused', 30);
    faults.s3.inject({ kind: 'lose' }, { ...part(1), times: 1 });
    await expectFile();
  });
});
