import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasIndexFirst } from '../../../worker/src/encode/file-boxes.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let film: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  film = await make('film.mp4', '-movflags', '+faststart');
});
afterAll(() => folder[Symbol.asyncDispose]());

async function make(name: string, ...args: string[]): Promise<string> {
  const path = join(folder.path, name);
  const clip = ['-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=25:d=2', '-c:v', 'libx264', '-preset', 'ultrafast'];
  await ffmpeg(...clip, ...args, path);
  return path;
}

async function withBytes(change: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(folder.path, 'changed.mp4');
  await writeFile(path, change(await readFile(film)));
  return path;
}

describe('the index of an MP4', () => {
  it.each([
    ['moved there', ['-movflags', '+faststart']],
    ['written into room for it', ['-moov_size', '10000']],
  ])('is first where it was %s', async (_, args) => {
    expect(await hasIndexFirst(await make('first.mp4', ...args))).toBe(true);
  });

  it('is not first where it stands behind the media, or where there is none of the whole', async () => {
    expect(await hasIndexFirst(await make('last.mp4'))).toBe(false);
    const fragmented = await make('fragmented.mp4', '-movflags', '+frag_keyframe+empty_moov');
    expect(await hasIndexFirst(fragmented)).toBe(false);
  });

  it('is of no use where ffmpeg ran out of room for it, or where the media are cut off', async () => {
    // Some versions of ffmpeg fail then.
    await make('small.mp4', '-moov_size', '300').catch(() => {});
    expect(await hasIndexFirst(join(folder.path, 'small.mp4'))).toBe(false);
    expect(await hasIndexFirst(await withBytes((bytes) => bytes.subarray(0, -1)))).toBe(false);
    expect(await hasIndexFirst(await withBytes((bytes) => bytes.subarray(0, 100)))).toBe(false);
    expect(await hasIndexFirst(await withBytes(() => Buffer.alloc(0)))).toBe(false);
  });
});
