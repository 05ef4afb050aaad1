import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ffmpeg } from '../media/clips.ts';
import { checkFilm, type ExpectedFilm } from '../media/film-checks.ts';
import type { ReadFilm } from '../media/read-film.ts';
import {
  type ClipOfFile,
  type Published,
  startTranscoding,
  type TranscodeOptions,
  type Transcoding,
} from '../media/transcoding.ts';

/** H.264 that any player of the last twenty years plays. */
export const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** A tone that goes on for so long. */
export function tone(seconds: number, hertz = 440): string[] {
  return ['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000:duration=${seconds}`];
}

export interface Farm {
  /** Makes a clip with ffmpeg. @returns its path */
  make(name: string, ...args: string[]): Promise<string>;
  /** Transcodes a clip and holds what was published against what is expected. */
  check(
    clip: string | readonly ClipOfFile[],
    expected: ExpectedFilm,
    options?: TranscodeOptions,
  ): Promise<{ published: Published; film: ReadFilm }>;
}

/** Storage and media tools for all tests of a file. */
export function useFarm(): Farm {
  let transcoding: Transcoding;
  beforeAll(async () => {
    transcoding = await startTranscoding();
  });
  afterAll(() => transcoding[Symbol.asyncDispose]());
  return {
    async make(name, ...args) {
      const path = join(transcoding.folder, name);
      await ffmpeg(...args, path);
      return path;
    },
    async check(clip, expected, options) {
      const published = await transcoding.transcode(clip, options);
      return { published, film: await checkFilm(published, expected) };
    },
  };
}
