import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasIndexFirst } from '../../../worker/src/encode/file-boxes.ts';
import { chunkMicroseconds, indexRoomBytes } from '../../../worker/src/encode/index-room.ts';
import { findBox } from '../../../worker/src/probe/boxes.ts';
import type { FilmRendition } from '../../../worker/src/protocol/status.ts';
import { ffmpeg, temporaryFolder } from '../../helpers/media/clips.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const rendition = (kind: 'video' | 'audio', more: Partial<FilmRendition> = {}): FilmRendition => ({
  ...{ name: kind, kind, codecs: '', bandwidth: 0, averageBandwidth: 0, bytes: 0, segments: 1 },
  ...more,
});

const audio = [rendition('audio')];

describe('the room for the index of an MP4', () => {
  it.each([
    ['B-frames at 60 frames/s', { frameRate: 60 }, ['-bf', '3']],
    ['key frames alone, at a rate that is not known', {}, ['-g', '1']],
  ])('holds that of an hour and is no more than five times as large: %s', async (name, more, args) => {
    const loop = join(folder.path, 'loop.mp4');
    const inputs = [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x36:r=60:d=10',
      '-f',
      'lavfi',
      '-i',
      'sine=r=48000:d=10',
    ];
    await ffmpeg(...inputs, '-c:v', 'libx264', '-preset', 'veryfast', ...args, '-c:a', 'aac', loop);
    const durationSeconds = 3600;
    const room = indexRoomBytes({ video: rendition('video', more), audio }, { durationSeconds });
    const film = join(folder.path, `${name.slice(0, 5)}.mp4`);
    const output = ['-c', 'copy', '-moov_size', String(room), '-chunk_duration', String(chunkMicroseconds)];
    await ffmpeg('-stream_loop', '359', '-i', loop, ...output, film);
    expect(await hasIndexFirst(film)).toBe(true);
    const index = findBox(await readFile(film), ['moov']);
    expect(index.end - index.start).toBeGreaterThan(room / 5);
  });

  it('grows with tracks, cues and names', () => {
    const film = { durationSeconds: 60 };
    const video = rendition('video', { frameRate: 25 });
    const plain = indexRoomBytes({ video, audio }, film);
    const label = 'English';
    const text = [
      {
        ...{ name: 'en', label, kind: 'subtitles' as const, default: true },
        playlist: '',
        file: '',
        cues: 1000,
      },
    ];
    expect(indexRoomBytes({ video, audio: [...audio, ...audio] }, film)).toBeGreaterThan(
      plain + 60 * 46 * 12,
    );
    expect(indexRoomBytes({ video, audio, text }, film)).toBeGreaterThan(plain + 2000 * 32);
    expect(indexRoomBytes({ video, audio }, { ...film, title: 'x'.repeat(50_000) })).toBeGreaterThan(
      plain + 50_000,
    );
  });
});
