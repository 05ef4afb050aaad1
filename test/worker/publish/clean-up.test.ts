import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { removeOlder, removeUnfinished } from '../../../worker/src/publish/clean-up.ts';
import { startStore, type TestStore } from '../../helpers/store.ts';

const committed = 'aaaaaaaaaaaa';
const other = 'bbbbbbbbbbbb';
const signal = new AbortController().signal;
const options = { contentType: 'application/vnd.apple.mpegurl', cacheControl: 'no-cache' };

/** What belongs to the film, to its state, and to a job whose name begins with this one's. */
const kept = [
  'films/job/status.json',
  `films/job/${committed}/720p/00000.m4s`,
  `films/job/${committed}/parts/0000.json`,
  `films/job-2/${other}/720p/00000.m4s`,
];
const stale = [`films/job/${other}/720p/00000.m4s`, `films/job/${other}/parts/0000.json`];

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
  await files.fill([...kept, ...stale]);
  await files.store.put('films/job/index.m3u8', `#EXTM3U\n\n${committed}/720p/index.m3u8\n`, options);
});
afterEach(() => files[Symbol.asyncDispose]());

const folderOf = (planId: string) => new JobFolder('films/', 'job').plan(planId);

describe('removeOlder', () => {
  it('removes what other plans left, and nothing else', async () => {
    expect(await removeOlder(files.store, folderOf(committed), signal)).toBe(2);
    expect(await files.keys()).toEqual([...kept, 'films/job/index.m3u8'].sort());
    expect(await removeOlder(files.store, folderOf(committed), signal)).toBe(0);
  });
});

describe('removeUnfinished', () => {
  it('removes what a plan has published of a film that will never be whole', async () => {
    expect(await removeUnfinished(files.store, folderOf(other), signal)).toBe(2);
    expect(await files.keys()).toEqual([...kept, 'films/job/index.m3u8'].sort());
  });

  it('never touches a film that is committed', async () => {
    expect(await removeUnfinished(files.store, folderOf(committed), signal)).toBe(0);
    expect(await files.keys()).toEqual([...kept, ...stale, 'films/job/index.m3u8'].sort());
  });
});
