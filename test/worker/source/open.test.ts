import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RefusedError } from '../../../worker/src/errors.ts';
import { openSource } from '../../../worker/src/source/open.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const headers = { contentType: 'video/mp4', cacheControl: 'no-cache' };

let storage: TestStorage;

beforeAll(async () => {
  storage = await startStorage();
});

afterAll(() => storage[Symbol.asyncDispose]());

const storeFor = (bucket: string) => openStore(storage.bucket(bucket), { retrySeconds: 1 });
const options = { bucket: 'films', storeFor, allowHttp: false };

describe('openSource', () => {
  it.each([
    ['a key in the source bucket', 'dir/film.mp4', 's3://films/dir/film.mp4'],
    ['a place in the source bucket', 's3://films/dir/film.mp4', 's3://films/dir/film.mp4'],
    ['a place in another bucket', 's3://others/a b+c%20d.mp4', 's3://others/a b+c%20d.mp4'],
    ['a key that looks like another protocol', 'file:///etc/passwd', 's3://films/file:///etc/passwd'],
    ['a key that climbs', '../../etc/passwd', 's3://films/../../etc/passwd'],
    ['a key that begins with a slash', 's3://films//film.mp4', 's3://films//film.mp4'],
    ['a key that begins with a dash', '-i', 's3://films/-i'],
  ])('takes %s literally', async (_, source, name) => {
    const { bucket, key } = /^s3:\/\/(?<bucket>[^/]*)\/(?<key>.*)$/.exec(name)?.groups ?? {};
    const store = storeFor(bucket ?? '');
    await store.put(key ?? '', 'film', headers);
    const opened = openSource(source, options);
    expect(opened.name).toBe(name);
    expect(await opened.describe()).toMatchObject({ sizeBytes: 4 });
  });

  it('quotes no token of a URL that it refuses', () => {
    const url = 'https://user:pass@example.com/a.mp4?token=s3cret';
    for (const allowHttp of [false, true]) {
      const opening = () => openSource(url, { ...options, allowHttp });
      expect(opening).toThrow('https://example.com/a.mp4');
      expect(opening).not.toThrow(/user:|pass@|s3cret/);
    }
  });

  it.each(['s3://', 's3://films', 's3://films/', 's3:///key', 's3://a..b@evil/x', 's3://user:pass@host/x'])(
    'refuses %s, which names no object',
    (source) => {
      expect(() => openSource(source, options)).toThrow(RefusedError);
      expect(() => openSource(source, options)).toThrow('expected s3://bucket/key');
    },
  );

  it('refuses a URL unless the farm allows it, in any spelling', () => {
    for (const source of ['http://example.com/a', 'HTTPS://example.com/a']) {
      expect(() => openSource(source, options)).toThrow('ALLOW_HTTP_SOURCES');
      expect(openSource(source, { ...options, allowHttp: true }).name.toLowerCase()).toContain(
        '://example.com/a',
      );
    }
  });

  it('refuses a film that is not there, and one without a byte', async () => {
    await expect(openSource('none.mp4', options).describe()).rejects.toMatchObject({
      code: 'source-missing',
      message: 'The source "s3://films/none.mp4" does not exist.',
    });
    await storeFor('films').put('empty.mp4', '', headers);
    await expect(openSource('empty.mp4', options).describe()).rejects.toMatchObject({
      code: 'source-empty',
      message: 'The source "s3://films/empty.mp4" is empty (0 bytes).',
    });
  });
});
