import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tone, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { pattern } from '../helpers/media/pattern.ts';
import { startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';

let farm: Transcoding;
/** Two seconds of picture alone. */
let good: string;

beforeAll(async () => {
  farm = await startTranscoding();
  good = await make('good.mp4', ...pattern({ width: 160, height: 90, seconds: 2 }), ...x264);
});
afterAll(() => farm[Symbol.asyncDispose]());

async function make(name: string, ...args: string[]): Promise<string> {
  const path = join(farm.folder, name);
  await ffmpeg(...args, path);
  return path;
}

describe('clips that do not fit', () => {
  it('are refused by name', async () => {
    const sound = await make('sound.m4a', ...tone(2), '-c:a', 'aac');
    const cut = await make('cut.ts', ...pattern({ width: 160, height: 90, seconds: 2 }), ...x264);
    const bad = join(farm.folder, 'clips.txt');
    await ffmpeg('-f', 'lavfi', '-i', 'color=s=16x16', '-frames:v', '1', '-f', 'rawvideo', bad);
    await expect(farm.transcode([{ path: good }, { path: bad }])).rejects.toMatchObject({
      code: 'not-media',
      message: expect.stringMatching(/^Clip 2 \(".*clips\.txt"\): /),
    });
    await expect(farm.transcode([{ path: good }, { path: sound }])).rejects.toMatchObject({
      code: 'no-video',
    });
    await expect(farm.transcode([{ path: cut, from: 2.5 }])).rejects.toMatchObject({
      code: 'clip-range',
      message: expect.stringMatching(
        /^Clip 1 \(".*cut\.ts"\) begins at 2\.5 s, and its film ends at 2\.00 s\./,
      ),
    });
    await expect(farm.transcode([{ path: good, to: 9 }])).rejects.toMatchObject({ code: 'clip-range' });
  });

  it('are refused where one is shorter than its crossfades, by name', async () => {
    const clips = [{ path: good }, { path: good, to: 1.5 }, { path: good }];
    await expect(farm.transcode(clips, { job: { crossfade: 1 } })).rejects.toMatchObject({
      code: 'clip-range',
      message: expect.stringMatching(
        /^Clip 2 \(.*\) lasts 1\.50 s, and its crossfades take 2\.00 s\. Choose/,
      ),
    });
  });
});

describe('subtitles beside joined clips', () => {
  it('are left out with a warning that names the clip, unless the job names subtitles of its own', async () => {
    const path = await make('worded.mp4', ...pattern({ width: 160, height: 90, seconds: 1 }), ...x264);
    const id = 'worded-clips';
    const srt = '1\n00:00:00,100 --> 00:00:00,900\nHello\n';
    const headers = { contentType: 'text/plain', cacheControl: 'no-cache' };
    await farm.stores.source.put(`${id}/worded.en.srt`, srt, headers);
    const { warnings, film } = await farm.transcode([{ path }, { path, to: 0.6 }], { id });
    expect(film.subtitles).toBeUndefined();
    expect(warnings).toEqual([
      `The subtitles beside the clip "${id}/worded.mp4" were left out: name subtitles of the joined film in its job.`,
    ]);
    const subtitles = [{ source: `${id}/worded.en.srt` }];
    const named = await farm.transcode([{ path }, { path, to: 0.6 }], { id, job: { subtitles } });
    expect(named.warnings).toEqual([]);
    expect(named.film.subtitles).toMatchObject([{ language: 'en' }]);
  });
});
