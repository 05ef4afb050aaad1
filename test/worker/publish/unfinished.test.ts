import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { ObjectsLeftError } from '../../../worker/src/publish/replaced.ts';
import {
  finishRemovals,
  removeUnfinished,
  unmarkUnfinished,
} from '../../../worker/src/publish/unfinished.ts';
import { startStore, type TestStore } from '../../helpers/worker/store.ts';

const committed = 'aaaaaaaaaaaa';
const stopped = 'bbbbbbbbbbbb';
const signal = new AbortController().signal;
const options = { contentType: 'application/vnd.apple.mpegurl', cacheControl: 'no-cache' };
const playlist = 'films/job/index.m3u8';
const film = [`films/job/${committed}/720p/00000.m4s`, `films/job/${committed}/film.json`];
const others = ['films/job/status.json', `films/job-2/${stopped}/720p/00000.m4s`];
const mark = `films/.unfinished/job/${stopped}.json`;
/** More than one call removes. */
const objects = Array.from({ length: 1010 }, (_, index) => `films/job/${stopped}/720p/${index}.m4s`);

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
  await files.fill([...film, ...others, ...objects]);
  await files.store.put(playlist, `#EXTM3U\n\n${committed}/720p/index.m3u8\n`, options);
});
afterEach(() => files[Symbol.asyncDispose]());

const folderOf = (planId: string) => new JobFolder('films/', 'job').plan(planId);
const kept = [...film, ...others, playlist].sort();
const finish = (isMade = async () => false) => finishRemovals(files.store, 'films/', isMade, signal);

/** The worker is lost, or storage is away, after so many calls that remove a thousand objects. */
async function removeUntilLost(calls: number): Promise<void> {
  const remove = files.store.remove.bind(files.store);
  let count = 0;
  files.store.remove = async (keys, by) => {
    if (++count > calls) throw new Error('no route to host');
    return remove(keys, by);
  };
  await expect(removeUnfinished(files.store, folderOf(stopped), signal)).rejects.toThrow(
    new ObjectsLeftError(`10 of 1010 objects below "films/job/${stopped}/" are left`),
  );
  files.store.remove = remove;
}

describe('a plan whose film will never be whole', () => {
  it('is removed, and nothing else', async () => {
    expect(await removeUnfinished(files.store, folderOf(stopped), signal)).toBe(1010);
    expect(await files.keys()).toEqual(kept);
  });

  it('is not removed when it is the committed one, or was and may still be watched', async () => {
    expect(await removeUnfinished(files.store, folderOf(committed), signal)).toBe(0);
    await files.fill([`films/job/${stopped}/film.json`]);
    expect(await removeUnfinished(files.store, folderOf(stopped), signal)).toBe(0);
    expect(await files.keys()).toHaveLength(kept.length + objects.length + 1);
  });

  it('is removed by whoever comes next when its worker could not finish, which says how much is left', async () => {
    await removeUntilLost(1);
    expect(await files.keys()).toHaveLength(kept.length + 11);
    expect(await finish()).toBe(1);
    expect(await files.keys()).toEqual(kept);
    expect(await finish()).toBe(0);
  });

  it('is left alone by whoever comes next when it is made again', async () => {
    await removeUntilLost(1);
    expect(await finish(async () => true)).toBe(0);
    expect(await files.keys()).toHaveLength(kept.length + 10);
    expect(await files.store.head(mark)).toBeUndefined();
  });

  it('is left alone by whoever comes next when it was committed since, or its mark was taken away', async () => {
    await removeUntilLost(1);
    await files.store.put(playlist, `#EXTM3U\n\n${stopped}/720p/index.m3u8\n`, options);
    expect(await finish()).toBe(0);
    await files.fill([mark]);
    await unmarkUnfinished(files.store, folderOf(stopped), signal);
    expect(await finish()).toBe(0);
    expect(await files.keys()).toHaveLength(kept.length + 10);
  });
});
