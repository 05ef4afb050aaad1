import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cacheFolder, isWhole, recordContents } from '../../../scripts/setup/ffmpeg/cache.mjs';
import { ensureFfmpegVersion, hostFfmpegVersion } from '../../../scripts/setup/ffmpeg/versions.mjs';

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'farm-test-'));
  folder = cacheFolder(root, '7.1');
  await mkdir(join(folder, 'lib'), { recursive: true });
  await writeFile(join(folder, 'lib', 'libx.so.1'), 'library');
  await writeFile(
    join(folder, 'ffmpeg'),
    '#!/bin/sh\necho "ffmpeg version 7.1.5-0+deb13u1 Copyright (c) 2000-2026"\n',
  );
  await chmod(join(folder, 'ffmpeg'), 0o755);
});

afterEach(() => rm(root, { recursive: true }));

it('takes a version of ffmpeg from its folder when every file is as it was unpacked', () => {
  expect(isWhole(folder)).toBe(false);
  recordContents(folder);
  expect(isWhole(folder)).toBe(true);
  expect(ensureFfmpegVersion(root, '7.1')).toEqual({
    ffmpeg: join(folder, 'ffmpeg'),
    ffprobe: join(folder, 'ffprobe'),
  });
});

it.each([
  ['changed', () => writeFile(join(folder, 'lib', 'libx.so.1'), 'librarz')],
  ['lost', () => rm(join(folder, 'lib', 'libx.so.1'))],
  ['added', () => writeFile(join(folder, 'lib', 'liby.so.1'), '')],
])('does not trust a folder of ffmpeg with a file %s', async (_, damage) => {
  recordContents(folder);
  await damage();
  expect(isWhole(folder)).toBe(false);
});

it('names the versions it has when asked for another', () => {
  expect(() => ensureFfmpegVersion(root, '4.4')).toThrow('ffmpeg 4.4 is not one of 5.1, 7.1, 9.0.');
});

it("reads the version of the system's ffmpeg", () => {
  expect(hostFfmpegVersion()).toMatch(/^\d+\.\d+$/);
});
