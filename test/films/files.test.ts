import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasIndexFirst } from '../../worker/src/encode/file-boxes.ts';
import { makeFile } from '../../worker/src/film/after/make-file.ts';
import type { JobOptions } from '../../worker/src/protocol/job.ts';
import { JobFolder } from '../../worker/src/protocol/job-folder.ts';
import { filmFiles } from '../../worker/src/publish/film-files.ts';
import { tone, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg, ffprobe, realMediaTools } from '../helpers/media/clips.ts';
import { type ReadFilm, readFilm } from '../helpers/media/read-film.ts';
import { flashesAndBeeps, measureSync } from '../helpers/media/sync.ts';
import {
  type Published,
  startTranscoding,
  type TranscodeOptions,
  type Transcoding,
} from '../helpers/media/transcoding.ts';
import { recordingLogger } from '../helpers/worker/queue.ts';
import { testSettings } from '../helpers/worker/settings.ts';

let farm: Transcoding;
beforeAll(async () => {
  farm = await startTranscoding();
});
afterAll(() => farm[Symbol.asyncDispose]());

const bframes = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
const aac = ['-c:a', 'aac', '-b:a', '96k'];

async function make(name: string, args: readonly string[], options: TranscodeOptions): Promise<Published> {
  const clip = join(farm.folder, name);
  await ffmpeg(...args, clip);
  return farm.transcode(clip, options);
}

interface Streams {
  streams: {
    codec_type: string;
    codec_name: string;
    nb_frames?: string;
    disposition: { default: number };
    tags?: { language?: string };
  }[];
  format: { duration: string; tags?: Record<string, string> };
}

const streamsOf = (path: string) => ffprobe<Streams>('-show_streams', '-show_format', path);

/** When each frame is shown, as a player that follows the edit list sees it. */
async function frameSeconds(path: string): Promise<number[]> {
  const { frames } = await ffprobe<{ frames: { pts_time: string }[] }>(
    ...['-select_streams', 'v:0', '-show_entries', 'frame=pts_time', path],
  );
  return frames.map(({ pts_time }) => Number(pts_time)).sort((a, b) => a - b);
}

const picturesOf = async (path: string) =>
  (await ffmpeg('-i', path, '-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'md5', '-')).toString();

const fileOf = ({ folder, film }: Published, name: string) => join(folder, film.plan, 'files', name);

/** The film as its MP4 has it: the pictures' times and the sound are the file's. */
async function asFilm({ video, audio }: ReadFilm, path: string): Promise<ReadFilm> {
  const [picture, rendition] = [video[0], audio[0]];
  if (!picture || !rendition) throw new Error('The film has no video or no audio.');
  const packets = (await frameSeconds(path)).map((seconds) => ({ seconds, key: false, segment: 0 }));
  return {
    video: [{ ...picture, packets }],
    audio: [{ ...rendition, joinedPath: path }],
  } as unknown as ReadFilm;
}

/** The frames of the stream at their times, in step with the sound. */
async function expectMp4(film: ReadFilm, path: string): Promise<void> {
  const [rendition] = film.video;
  const seconds = await frameSeconds(path);
  expect(seconds).toHaveLength(rendition?.packets.length ?? 0);
  for (const [index, frame] of (rendition?.packets ?? []).entries())
    expect(Math.abs((seconds[index] ?? 0) - frame.seconds), `frame ${index}`).toBeLessThan(0.002);
  expect(await picturesOf(path)).toBe(await picturesOf(rendition?.joinedPath ?? ''));
  const flashes = (await measureSync(await asFilm(film, path))).filter(({ seconds }) => seconds > 0.9);
  expect(flashes).toHaveLength(5);
  for (const { seconds: at, beepAfterSeconds } of flashes)
    expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${at} s`).toBeLessThan(0.02);
}

describe('an MP4 beside the stream', () => {
  it.each<[what: string, name: string, args: string[], environment: TranscodeOptions['environment']]>([
    ['with B-frames', 'plain.mp4', [...flashesAndBeeps(), ...bframes, ...aac], {}],
    [
      'whose picture begins later than its sound',
      'late.mp4',
      [...flashesAndBeeps(), '-vf', 'select=gte(t\\,0.8)', '-fps_mode', 'passthrough', ...bframes, ...aac],
      {},
    ],
    [
      'of a farm that publishes MPEG-TS',
      'mpegts.mp4',
      [...flashesAndBeeps(), ...bframes, ...aac],
      { SEGMENT_FORMAT: 'mpegts' },
    ],
    [
      'that begins late on a farm that publishes MPEG-TS',
      'late-mpegts.mp4',
      [...flashesAndBeeps(), '-vf', 'select=gte(t\\,0.8)', '-fps_mode', 'passthrough', ...bframes, ...aac],
      { SEGMENT_FORMAT: 'mpegts' },
    ],
  ])(
    'has the frames of the stream at their times, in step with the sound: a film %s',
    async (_, name, args, environment) => {
      const id = `mp4-${name.replace('.mp4', '')}`;
      const published = await make(name, args, { id, environment, job: { outputs: ['hls', 'mp4'] } });
      const film = await readFilm(published);
      const path = fileOf(published, `${film.video[0]?.name}.mp4`);
      await expectMp4(film, path);
      expect(await hasIndexFirst(path)).toBe(true);

      if (environment?.SEGMENT_FORMAT !== 'mpegts') return;
      // The same without room for it on the disk.
      const [file] = filmFiles(published.film, ['mp4']).files;
      if (file === undefined) throw new Error('The film has no MP4.');
      const folder = new JobFolder('', id).plan(published.film.plan);
      const run = {
        settings: testSettings({ WORK_DIR: farm.folder }),
        stores: farm.stores,
        tools: realMediaTools(),
        log: recordingLogger().log,
        signal: new AbortController().signal,
      };
      const job = { id, source: 'film.mp4', requestId: id };
      expect(await makeFile(job, file, folder, run, { freeBytes: async () => 0 })).toEqual([
        expect.stringMatching(
          /^the worker's disk has no room for 240p\.mp4 \(1 MB\), so it was made in fragments/,
        ),
      ]);
      const copy = join(farm.folder, `streamed-${id}.mp4`);
      await writeFile(copy, (await farm.stores.output.get(`${folder.files}240p.mp4`)) ?? '');
      await expectMp4(film, copy);
    },
  );

  it('has every audio track with its language, the default first, and the title of its job', async () => {
    const tones = ['-f', 'lavfi', '-i', 'sine=440:d=4:r=48000', '-f', 'lavfi', '-i', 'sine=880:d=4:r=44100'];
    const published = await make(
      'languages.mp4',
      [
        ...['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=4', ...tones],
        ...['-map', '0', '-map', '1', '-map', '2', ...x264, ...aac],
        ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
      ],
      { job: { outputs: ['hls', 'mp4'] } },
    );
    const { streams } = await streamsOf(fileOf(published, '240p.mp4'));
    expect(
      streams.map(({ codec_type, tags, disposition }) => [codec_type, tags?.language, disposition.default]),
    ).toEqual([
      ['video', 'und', 1],
      ['audio', 'eng', 1],
      ['audio', 'deu', 0],
    ]);
    expect(published.film.files).toMatchObject([
      { name: '240p.mp4', format: 'mp4', key: expect.stringMatching(/\/files\/240p\.mp4$/) },
    ]);
  });
});

describe('an MP4 of a film with subtitles', () => {
  it.each(['fmp4', 'mpegts'] as const)(
    'has them as tracks, with languages, names and times: segments of %s',
    async (SEGMENT_FORMAT) => {
      const words = join(farm.folder, 'words.srt');
      await writeFile(
        words,
        '1\n00:00:01,500 --> 00:00:02,250\nGrüße\n\n2\n00:00:03,000 --> 00:00:03,500\nund <i>Küsse</i>\n',
      );
      const inputs = [
        '-f',
        'lavfi',
        '-i',
        'testsrc2=s=160x90:r=25:d=4',
        '-f',
        'lavfi',
        '-i',
        'sine=d=4:r=48000',
      ];
      const published = await make(
        `subtitles-${SEGMENT_FORMAT}.mp4`,
        [
          ...[...inputs, '-i', words, '-i', words, '-map', '0', '-map', '1', '-map', '2', '-map', '3'],
          ...[...x264, ...aac, '-c:s', 'mov_text', '-metadata:s:s:0', 'language=deu'],
          ...['-metadata:s:s:1', 'language=eng', '-disposition:s:1', 'forced'],
        ],
        { environment: { SEGMENT_FORMAT }, job: { outputs: ['hls', 'mp4'] } },
      );
      const path = fileOf(published, '240p.mp4');
      const { streams } = await ffprobe<{
        streams: {
          codec_name: string;
          disposition: { forced: number };
          tags: { language: string; title: string };
        }[];
      }>('-select_streams', 's', '-show_streams', path);
      const texts = published.film.subtitles ?? [];
      expect(texts).toHaveLength(2);
      expect(
        streams.map(({ codec_name, tags, disposition }) => [codec_name, tags.language, disposition.forced]),
      ).toEqual([
        ['mov_text', 'deu', 0],
        ['mov_text', 'eng', 1],
      ]);
      for (const [index] of texts.entries()) {
        const srt = (await ffmpeg('-i', path, '-map', `0:s:${index}`, '-f', 'srt', '-')).toString();
        expect(srt).toBe(
          '1\n00:00:01,500 --> 00:00:02,250\nGrüße\n\n2\n00:00:03,000 --> 00:00:03,500\nund <i>Küsse</i>\n\n',
        );
      }
    },
  );
});

describe('a WebM beside the stream', () => {
  const clip = [...flashesAndBeeps(), ...bframes, ...aac];

  it.each<
    [what: string, name: string, args: string[], environment: TranscodeOptions['environment'], lacks: string]
  >([
    ['of a farm that publishes fMP4', 'webm.mp4', clip, {}, 'source was replaced'],
    [
      'whose picture begins later than its sound, of a farm that publishes MPEG-TS',
      'webm-late.mp4',
      [...flashesAndBeeps(), '-vf', 'select=gte(t\\,0.8)', '-fps_mode', 'passthrough', ...bframes, ...aac],
      { SEGMENT_FORMAT: 'mpegts' },
      'plan was not kept',
    ],
  ])(
    'has the frames of the stream at their times, in step with the sound: a film %s',
    async (_, name, args, environment, lacks) => {
      const id = name.replace('.mp4', '');
      const published = await make(name, args, { id, environment, job: { outputs: ['hls', 'webm'] } });
      expect(published.warnings).toEqual([]);
      const film = await readFilm(published);
      await expectWebm(published, film);
      const shares = published.making.map(({ percent }) => percent);
      expect(shares).toEqual(shares.toSorted((a, b) => a - b));
      expect([shares.at(0), shares.at(-1)]).toEqual([0, 100]);
      expect(shares.length).toBeGreaterThan(3);
      expect(new Set(published.making.map((each) => each.name))).toEqual(new Set(['240p.webm']));
      // Nothing of its parts stays.
      expect(published.files.filter((file) => /webm\//.test(file))).toEqual([]);

      // Later, and of the stream.
      const folder = `${id}/${published.film.plan}`;
      await farm.stores.output.remove([`${folder}/files/240p.webm`]);
      const other = join(farm.folder, 'other.txt');
      await writeFile(other, 'no film');
      const source = lacks === 'source was replaced' ? other : join(farm.folder, name);
      if (source !== other) await farm.stores.output.remove([`${folder}/plan.json`]);
      const job: JobOptions = { outputs: ['webm'], addToFilm: true };
      const added = await farm.transcode(source, { id, environment, job });
      expect(added.warnings).toEqual([`the film's ${lacks}, so 240p.webm was made of the stream`]);
      await expectWebm(added, film);
    },
  );
});

/** Matroska has milliseconds. */
async function expectWebm(published: Published, film: ReadFilm): Promise<void> {
  const [rendition] = film.video;
  const path = fileOf(published, `${rendition?.name}.webm`);
  const { streams, format } = await streamsOf(path);
  expect(streams.map(({ codec_name }) => codec_name)).toEqual(['vp9', 'opus']);
  const seconds = await frameSeconds(path);
  expect(seconds).toHaveLength(rendition?.packets.length ?? 0);
  for (const [index, frame] of (rendition?.packets ?? []).entries())
    expect(Math.abs((seconds[index] ?? 0) - frame.seconds), `frame ${index}`).toBeLessThan(0.002);
  expect(Math.abs(Number(format.duration) - published.film.durationSeconds)).toBeLessThan(0.1);
  const flashes = (await measureSync(await asFilm(film, path))).filter(({ seconds: at }) => at > 0.9);
  expect(flashes).toHaveLength(5);
  for (const { seconds: at, beepAfterSeconds } of flashes)
    expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${at} s`).toBeLessThan(0.02);
}

describe('other files', () => {
  it('are an M4A and an MP3 of each audio track and a GIF that moves', async () => {
    const clip = ['-f', 'lavfi', '-i', 'testsrc2=s=426x240:r=25:d=4', ...tone(4), ...x264, ...aac];
    const published = await make('all.mp4', clip, { job: { outputs: ['hls', 'm4a', 'mp3', 'gif'] } });
    const [m4a, mp3, gif] = await Promise.all(
      ['audio-0.m4a', 'audio-0.mp3', '240p.gif'].map((name) =>
        ffprobe<Streams & { streams: { nb_read_packets: string }[] }>(
          ...['-count_packets', '-show_streams', '-show_format', fileOf(published, name)],
        ),
      ),
    );
    expect(m4a?.streams[0]?.codec_name).toBe('aac');
    expect(mp3?.streams[0]?.codec_name).toBe('mp3');
    expect(Number(m4a?.format.duration)).toBeCloseTo(4, 0);
    expect(Number(mp3?.format.duration)).toBeCloseTo(4, 0);
    expect(gif?.streams[0]).toMatchObject({ codec_name: 'gif', nb_read_packets: '48' });
  });
});
