import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import {
  committedPlan,
  filmFor,
  readFilmRecord,
  requestHash,
} from '../../../worker/src/publish/film-record.ts';
import { startStore, type TestStore } from '../../helpers/worker/store.ts';

const plan = 'aaaaaaaaaaaa';
const film = {
  playlist: 'job/index.m3u8',
  plan,
  durationSeconds: 12,
  bytes: 1,
  encoder: 'x264',
  renditions: [],
};
const signal = new AbortController().signal;
const options = { contentType: 'text/plain', cacheControl: 'no-cache' };

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

async function publish(
  record: object | string,
  playlist = `#EXTM3U\n#EXT-X-VERSION:6\n${plan}/720p/index.m3u8\n`,
) {
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  await files.store.put(`job/${plan}/film.json`, text, options);
  await files.store.put('job/index.m3u8', playlist, options);
}
const find = async (request: { hash: string; forcedBy?: string }) =>
  filmFor(await readFilmRecord(files.store, new JobFolder('', 'job'), signal), request);

describe('the committed film of a job', () => {
  it('finds the film that was made for the same request', async () => {
    await publish({ hash: 'asked', film });
    expect(await find({ hash: 'asked' })).toEqual(film);
  });

  it.each([
    ['another request', { hash: 'asked otherwise' }],
    ['a request by force', { hash: 'asked', forcedBy: 'request-2' }],
  ])('finds none for %s', async (_, request) => {
    await publish({ hash: 'asked', forcedBy: 'request-1', film });
    expect(await find(request)).toBeUndefined();
  });

  it('finds the film that the same request by force has made, so that a redelivery makes it once', async () => {
    await publish({ hash: 'asked', forcedBy: 'request-1', film });
    expect(await find({ hash: 'asked', forcedBy: 'request-1' })).toEqual(film);
  });

  it.each([
    ['is not JSON', '{"hash":'],
    ['reports no film', { hash: 'asked' }],
    ['is something else', { hash: 'asked', film: 'film' }],
  ])('finds none where the record %s', async (_, record) => {
    await publish(record);
    expect(await find({ hash: 'asked' })).toBeUndefined();
  });

  it('finds none that was not committed, or whose record is gone', async () => {
    await files.store.put(`job/${plan}/film.json`, JSON.stringify({ hash: 'asked', film }), options);
    expect(await find({ hash: 'asked' })).toBeUndefined();
    await files.store.put('job/index.m3u8', `#EXTM3U\nbbbbbbbbbbbb/720p/index.m3u8\n`, options);
    expect(await find({ hash: 'asked' })).toBeUndefined();
  });
});

describe('committedPlan', () => {
  it('reads the plan from the first URI of the multivariant playlist', async () => {
    expect(await committedPlan(files.store, new JobFolder('', 'job'), signal)).toBeUndefined();
    await publish({}, '#EXTM3U\n\n#EXT-X-STREAM-INF:BANDWIDTH=1\ncccccccccccc/360p/index.m3u8\n');
    expect(await committedPlan(files.store, new JobFolder('', 'job'), signal)).toBe('cccccccccccc');
  });
});

describe('requestHash', () => {
  it('differs when anything differs', () => {
    expect(requestHash({ a: 1, b: { c: 2 } })).toBe(requestHash({ a: 1, b: { c: 2 } }));
    expect(requestHash({ a: 1, b: { c: 2 } })).not.toBe(requestHash({ a: 1, b: { c: 3 } }));
  });
});
