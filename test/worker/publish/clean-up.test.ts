import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { removeOlder, removeUnnamed } from '../../../worker/src/publish/clean-up.ts';
import { startStore, type TestStore } from '../../helpers/worker/store.ts';

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
  const replaced = `films/job/${other}/film.json`;
  const marker = `films/.replaced/job/${other}.json`;
  const film = [...kept, 'films/job/index.m3u8'];

  it('removes what plans have left that were never committed, and nothing else', async () => {
    expect(await removeOlder(files.store, folderOf(committed), { keepSeconds: 86_400 }, signal)).toEqual({
      objects: 2,
      films: 0,
    });
    expect(await files.keys()).toEqual([...film].sort());
    expect(await removeOlder(files.store, folderOf(committed), { keepSeconds: 86_400 }, signal)).toEqual({
      objects: 0,
      films: 0,
    });
  });

  it('leaves the leases of those who make files of the film, and no others', async () => {
    const folder = folderOf(committed);
    const ofFiles = [folder.filesLease, folder.webmLease('720p-source', '00001.webm')];
    await files.fill([...ofFiles, folder.partLease(0), folder.statusLease]);
    await removeOlder(files.store, folder, { keepSeconds: 86_400 }, signal);
    expect(await files.keys()).toEqual([...film, ...ofFiles].sort());
  });

  it('keeps the files of the film that was there before, for players in the middle of it', async () => {
    await files.fill([replaced]);
    expect(await removeOlder(files.store, folderOf(committed), { keepSeconds: 86_400 }, signal)).toEqual({
      objects: 0,
      films: 0,
    });
    expect(await files.keys()).toEqual([...film, ...stale, replaced, marker].sort());
  });

  it('removes them when they are due, by whichever job comes next', async () => {
    await files.fill([replaced]);
    await removeOlder(files.store, folderOf(committed), { keepSeconds: 86_400 }, signal);
    await files.store.put('films/job-3/index.m3u8', `#EXTM3U\n\ncccccccccccc/720p/index.m3u8\n`, options);
    const next = new JobFolder('films/', 'job-3').plan('cccccccccccc');
    expect(await removeOlder(files.store, next, { keepSeconds: 0 }, signal)).toEqual({
      objects: 0,
      films: 1,
    });
    expect(await files.keys()).toEqual([...film, 'films/job-3/index.m3u8'].sort());
  });

  it('counts from the first time that a film was replaced', async () => {
    await files.fill([replaced]);
    await removeOlder(files.store, folderOf(committed), { keepSeconds: 86_400 }, signal);
    const first = (await files.store.head(marker))?.etag;
    const puts = files.puts.filter((key) => key === marker).length;
    await removeOlder(files.store, folderOf(committed), { keepSeconds: 86_400 }, signal);
    expect(files.puts.filter((key) => key === marker)).toHaveLength(puts);
    expect((await files.store.head(marker))?.etag).toBe(first);
  });

  it('leaves a film alone that is committed again, and forgets that it was replaced', async () => {
    await files.fill([replaced, `films/job/${committed}/film.json`]);
    await removeOlder(files.store, folderOf(committed), { keepSeconds: 86_400 }, signal);
    await files.store.put('films/job/index.m3u8', `#EXTM3U\n\n${other}/720p/index.m3u8\n`, options);
    expect(await removeOlder(files.store, folderOf(other), { keepSeconds: 86_400 }, signal)).toEqual({
      objects: 0,
      films: 0,
    });
    const keys = await files.keys();
    expect(keys).toEqual(expect.arrayContaining([...stale, replaced]));
    expect(keys.filter((key) => key.includes('.replaced/'))).toEqual([
      `films/.replaced/job/${committed}.json`,
    ]);
  });
});

describe('removeOlder, of the committed plan', () => {
  it('removes leases, and the mark of an early end', async () => {
    const folder = folderOf(committed);
    await files.fill([folder.partLease(0), folder.statusLease, folder.assemblyLease, folder.earlyEnd(0)]);
    await removeOlder(files.store, folder, { keepSeconds: 0 }, signal);
    expect(await files.keys()).toEqual([...kept, 'films/job/index.m3u8'].sort());
  });
});

describe('removeUnnamed', () => {
  it('removes the renditions that the film does not name, and no other', async () => {
    await files.fill([`films/job/${committed}/360p/00000.m4s`, `films/job/${committed}/360p/init.mp4`]);
    const planned = [{ name: '720p' }, { name: '360p' }];
    const named = [{ name: '720p' }, { name: 'audio-0' }];
    expect(await removeUnnamed(files.store, folderOf(committed), planned, named, signal)).toBe(2);
    expect(await removeUnnamed(files.store, folderOf(committed), planned, named, signal)).toBe(0);
    for (const key of kept) expect(await files.store.head(key), key).toBeDefined();
  });
});
