import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobOptions } from '../../worker/src/protocol/job.ts';
import { tone, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';

let farm: Transcoding;
/** Two seconds with audio. */
let short: string;

beforeAll(async () => {
  farm = await startTranscoding();
  const audio = [...tone(2), '-c:a', 'aac', '-b:a', '96k'];
  short = await makeClip('short.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=426x240:r=25:d=2', ...audio);
});
afterAll(() => farm[Symbol.asyncDispose]());

async function makeClip(name: string, ...args: string[]): Promise<string> {
  const clip = join(farm.folder, name);
  await ffmpeg(...args, ...x264, clip);
  return clip;
}

describe('files beside the stream', () => {
  it('are refused before anything is encoded where a GIF would be too long', async () => {
    const long = await makeClip('long.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=10:d=16');
    await expect(farm.transcode(long, { job: { outputs: ['hls', 'gif'] } })).rejects.toMatchObject({
      code: 'gif-too-long',
      message: expect.stringContaining('The film lasts 16.0 s, and a GIF may have 15 s.'),
    });
  });

  it('are left out with a warning where the film has no audio', async () => {
    const silent = await makeClip('silent.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=2');
    const { film, warnings } = await farm.transcode(silent, { job: { outputs: ['hls', 'mp3'] } });
    expect(film.files).toBeUndefined();
    expect(warnings).toContain('the film has no audio, so there is no mp3 file');
  });

  it('are made of the next smaller rendition where the film has none of that rung', async () => {
    const { film, warnings } = await farm.transcode(short, {
      job: { outputs: ['hls', 'mp4:720p', 'mp4:1080p'] },
    });
    expect(film.files?.map(({ name }) => name)).toEqual(['240p.mp4']);
    expect(warnings).toContain('the film has no rendition 720p: its mp4 file is 240p');
  });

  it('are added to a film that is made without encoding it again', async () => {
    const id = 'added';
    const first = await farm.transcode(short, { id, job: { outputs: ['hls'] } });
    const before = await farm.stores.output.listAll(`${id}/${first.film.plan}/`);
    const second = await farm.transcode(short, { id, job: { outputs: ['hls', 'mp4'] } });
    const after = await farm.stores.output.listAll(`${id}/${first.film.plan}/`);

    expect(second.film.files?.map(({ name }) => name)).toEqual(['240p.mp4']);
    expect(second.progress).toEqual([]);
    const added = after.objects.filter(({ key }) => !before.objects.some((object) => object.key === key));
    expect(added.map(({ key }) => key)).toEqual([`${id}/${first.film.plan}/files/240p.mp4`]);
    for (const object of before.objects) expect(after.objects).toContainEqual(object);
  });
});

describe('a job with "addToFilm"', () => {
  it('makes files of what is published, whatever has become of the source', async () => {
    const id = 'source-gone';
    const { film } = await farm.transcode(short, { id, job: { outputs: ['hls'] } });
    const gone = join(farm.folder, 'gone.txt');
    await writeFile(gone, 'no film');
    const added = await farm.transcode(gone, { id, job: { outputs: ['mp3'], addToFilm: true } });
    expect(added.film.plan).toBe(film.plan);
    expect(added.film.files?.map(({ name }) => name)).toEqual(['audio-0.mp3']);
  });

  it('leaves the files to the worker that makes them already', async () => {
    const id = 'at-once';
    const { film } = await farm.transcode(short, { id, job: { outputs: ['hls'] } });
    const lease = `${id}/${film.plan}/leases/files`;
    await farm.stores.output.put(lease, '{}', { contentType: 'application/json', cacheControl: 'no-cache' });
    const adding = farm.transcode(short, { id, job: { outputs: ['mp3'], addToFilm: true } });
    await expect(adding).rejects.toThrow('atCapacity');
  });

  it('is refused where no film is published', async () => {
    const job: JobOptions = { outputs: ['mp3'], addToFilm: true };
    await expect(farm.transcode(short, { id: 'nothing', job })).rejects.toMatchObject({
      code: 'no-film',
    });
  });
});

describe('a job without "hls"', () => {
  it('encodes only the renditions that its files are made of', async () => {
    const large = await makeClip('large.mp4', '-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=5:d=1');
    const published = await farm.transcode(large, { job: { outputs: ['mp4:360p'] } });
    expect(published.film.renditions.map(({ name }) => name)).toEqual(['360p']);
    expect(published.film.files?.map(({ name }) => name)).toEqual(['360p.mp4']);
  });

  it('encodes no video for audio files alone', async () => {
    const { film } = await farm.transcode(short, { job: { outputs: ['mp3'] } });
    expect(film.renditions.map(({ kind }) => kind)).toEqual(['audio']);
    expect(film.files?.map(({ name }) => name)).toEqual(['audio-0.mp3']);
  });
});
