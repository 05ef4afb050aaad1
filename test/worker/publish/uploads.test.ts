import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createUploads } from '../../../worker/src/publish/uploads.ts';
import { type SourceFarm, startSourceFarm } from '../../helpers/worker/source.ts';

let farm: SourceFarm;
let folder: string;

beforeAll(async () => {
  farm = await startSourceFarm();
  folder = await mkdtemp(join(tmpdir(), 'uploads-'));
});

afterEach(() => farm.proxy.heal());

afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function segment(key: string) {
  const path = join(folder, key.replaceAll('/', '-'));
  await writeFile(path, `bytes of ${key}`);
  return { key, path, contentType: 'video/mp2t', cacheControl: 'no-cache' };
}

describe('createUploads', () => {
  it('brings every file to its key and reports each when it is there', async () => {
    const reported: string[] = [];
    const uploads = createUploads({
      store: farm.store,
      parallel: 3,
      onUploaded: async ({ key }, { sizeBytes }) => {
        expect((await farm.direct.head(key))?.sizeBytes).toBe(sizeBytes);
        reported.push(key);
      },
    });
    const keys = Array.from({ length: 20 }, (_, index) => `all/${index}.ts`);
    for (const key of keys) await uploads.add(await segment(key));
    await uploads.finish();
    expect(reported.toSorted()).toEqual(keys.toSorted());
    expect(await farm.direct.head('all/7.ts')).toMatchObject({ contentType: 'video/mp2t', sizeBytes: 17 });
  });

  it('holds back who adds faster than storage takes', async () => {
    farm.proxy.inject({ kind: 'hang' });
    const uploads = createUploads({ store: farm.store, parallel: 2 });
    let added = 0;
    const adding = (async () => {
      for (let index = 0; index < 10; index++) {
        await uploads.add(await segment(`slow/${index}.ts`));
        added++;
      }
    })();
    await sleep(500);
    // Two under way and one in line; the one that fills the line waits.
    expect(added).toBe(3);
    farm.proxy.heal();
    await adding;
    await uploads.finish();
    expect(await farm.direct.head('slow/9.ts')).toBeDefined();
  });

  it('throws the first error, and starts nothing more', async () => {
    const uploads = createUploads({ store: farm.store, parallel: 2 });
    await uploads.add({ ...(await segment('bad/0.ts')), path: join(folder, 'gone') });
    await expect(uploads.finish()).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(uploads.add(await segment('bad/1.ts'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await farm.direct.head('bad/1.ts')).toBeUndefined();
  });

  it('counts an error of who is reported as an upload’s error', async () => {
    const onUploaded = () => {
      throw new Error('could not delete');
    };
    const uploads = createUploads({ store: farm.store, parallel: 2, onUploaded });
    await uploads.add(await segment('reported/0.ts'));
    await expect(uploads.finish()).rejects.toThrow('could not delete');
  });

  it('stops with its signal, uploads under way included', async () => {
    farm.proxy.inject({ kind: 'hang' });
    const stop = new AbortController();
    const uploads = createUploads({ store: farm.store, parallel: 2, signal: stop.signal });
    await uploads.add(await segment('stop/0.ts'));
    const finished = expect(uploads.finish()).rejects.toThrow('stopped');
    setTimeout(() => stop.abort(new Error('stopped')), 100);
    await finished;
  });
});
