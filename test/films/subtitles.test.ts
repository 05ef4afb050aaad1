import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobOptions } from '../../worker/src/protocol/job.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { readTextTracks, type ShownCue, type ShownTrack } from '../helpers/browser/text-tracks.ts';
import { ffmpeg, ffprobe } from '../helpers/media/clips.ts';
import { makeCountedFilm } from '../helpers/media/counted-film.ts';
import { ass, type Said, srt, ttml, vtt } from '../helpers/media/subtitle-files.ts';
import { withTeletext } from '../helpers/media/teletext.ts';
import { type Published, startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';
import { vttProblems } from '../helpers/media/vtt-validator.ts';

let farm: Transcoding;
let browser: Browser;
/** Three parts of one segment, 25 frames a second. */
let film: string;
const frameSeconds = 1 / 25;

/** Overlapping, out of order, across cuts, right at one, and silence in between. */
const said: Said[] = [
  { startMs: 1800, endMs: 4200, text: 'über\nzwei Schnitte' },
  { startMs: 480, endMs: 1520, text: 'Grüezi' },
  { startMs: 2000, endMs: 2520, text: 'at the same time' },
  { startMs: 5200, endMs: 5960, text: 'naïve' },
];
const inOrder = said.toSorted((a, b) => a.startMs - b.startMs);

beforeAll(async () => {
  farm = await startTranscoding();
  browser = await startBrowser();
  film = join(farm.folder, 'counted.mp4');
  await makeCountedFilm(film, { size: [128, 72], seconds: 6 });
});
afterAll(async () => {
  await browser?.close();
  await farm[Symbol.asyncDispose]();
});

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(farm.folder, name);
  await writeFile(path, content);
  return path;
}

/** Puts subtitles into the film. @param inputs files, each with its arguments as a stream */
async function withStreams(name: string, inputs: [path: string, ...args: string[]][], ...more: string[]) {
  const clip = join(farm.folder, name);
  await ffmpeg(
    ...['-i', film, ...inputs.flatMap(([path]) => ['-i', path])],
    ...['-map', '0', ...inputs.flatMap((_, n) => ['-map', String(n + 1)])],
    ...['-c', 'copy', ...inputs.flatMap(([, ...args]) => args), ...more, clip],
  );
  return clip;
}

async function putBeside(id: string, files: Record<string, string | Buffer>): Promise<void> {
  for (const [name, content] of Object.entries(files))
    await farm.stores.source.put(`${id}/${name}`, content, {
      contentType: 'text/plain',
      cacheControl: 'no-cache',
    });
}

function expectSaid(cues: readonly ShownCue[], expected: readonly Said[] = inOrder): void {
  expect(cues.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
  for (const [n, cue] of cues.entries()) {
    const { startMs = 0, endMs = 0 } = expected[n] ?? {};
    expect(Math.abs(cue.startSeconds - startMs / 1000), `start of ${cue.text}`).toBeLessThan(frameSeconds);
    expect(Math.abs(cue.endSeconds - endMs / 1000), `end of ${cue.text}`).toBeLessThan(frameSeconds);
  }
}

/** All WebVTT files of the film. */
async function expectValid({ folder, files }: Published): Promise<void> {
  const texts = files.filter((file) => /\/text-[^/]*\/.*\.vtt$/.test(file));
  expect(texts.length).toBeGreaterThan(3);
  for (const file of texts) expect(vttProblems(await readFile(join(folder, file), 'utf8')), file).toEqual([]);
}

const find = (tracks: readonly ShownTrack[], language: string) =>
  tracks.find((track) => track.language === language)?.cues ?? [];

describe.each(['fmp4', 'mpegts'] as const)('subtitles of a film in %s', (SEGMENT_FORMAT) => {
  it('show at their times, whatever format they are in, inside the film and beside it', async () => {
    const srtFile = await write('in.srt', srt(said));
    const assFile = await write('in.ass', ass(said));
    const vttFile = await write('in.vtt', vtt(said));
    const clip = await withStreams(
      `streams-${SEGMENT_FORMAT}.mkv`,
      [
        [srtFile, '-metadata:s:s:0', 'language=eng', '-disposition:s:0', 'default'],
        [assFile, '-metadata:s:s:1', 'language=ger', '-disposition:s:1', 'forced'],
        [vttFile, '-metadata:s:s:2', 'language=fre', '-disposition:s:2', 'hearing_impaired'],
      ],
      // A clock that does not begin at zero.
      ...['-output_ts_offset', '3'],
    );
    const id = `corpus-${SEGMENT_FORMAT}`;
    await putBeside(id, {
      'film.es.srt': Buffer.from(srt(said), 'latin1'),
      'film.it.sdh.vtt': Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(vtt(said), 'utf16le')]),
      'film.nl.ttml': `\uFEFF${ttml(said)}`,
      'film.pt-BR.forced.ass': ass(said).replaceAll('\n', '\r\n'),
      'film.pl.srt': 'this is not a file of subtitles',
      'film.part2.ru.srt': srt(said),
    });
    const published = await farm.transcode(clip, { id, environment: { SEGMENT_FORMAT } });
    const tracks = await readTextTracks(browser, published.folder);
    expect(tracks.map(({ name, language }) => `${language} ${name}`)).toEqual([
      'en English',
      'de German (forced)',
      'fr French (SDH)',
      'es Spanish',
      'it Italian (SDH)',
      'nl Dutch',
      'pt-BR Brazilian Portuguese (forced)',
    ]);
    for (const { cues } of tracks) expectSaid(cues);
    expect(tracks.filter(({ forced }) => forced).map(({ language }) => language)).toEqual(['de', 'pt-BR']);
    expect(tracks.every((track) => !track.default)).toBe(true);
    expect(find(tracks, 'fr')[0]?.align).toBe('start');
    expect(published.warnings).toEqual([
      `The subtitles "s3://source/${id}/film.pl.srt" were left out: it holds no times such as 00:01:02,500 --> 00:01:04,000.`,
    ]);
    await expectValid(published);
  });

  it('show at their times out of an MP4', async () => {
    const clip = await withStreams(`mov-${SEGMENT_FORMAT}.mp4`, [
      [await write('mov.srt', srt(inOrder.filter((_, n) => n !== 2))), '-c:s', 'mov_text'],
    ]);
    const published = await farm.transcode(clip, {
      environment: { SEGMENT_FORMAT, OUTPUTS: 'hls,mp4,flac' },
    });
    const path = (name: string) => join(published.folder, published.film.plan, 'files', name);
    // And go into the MP4 beside the stream.
    const cues = (await ffmpeg('-i', path('240p.mp4'), '-map', '0:s:0', '-f', 'srt', '-')).toString();
    expect([...cues.matchAll(/^00:00:0.,\d{3} --> .*$/gm)].map(([line]) => line)).toEqual([
      '00:00:00,480 --> 00:00:01,520',
      '00:00:01,800 --> 00:00:04,200',
      '00:00:05,200 --> 00:00:05,960',
    ]);
    const { streams } = await ffprobe<{ streams: object[] }>('-show_streams', path('audio-0.flac'));
    expect(streams).toMatchObject([{ codec_name: 'flac', sample_rate: '16000', channels: 1 }]);
    const [track] = await readTextTracks(browser, published.folder);
    // MP4 has no two texts at once.
    expectSaid(
      track?.cues ?? [],
      inOrder.filter((_, n) => n !== 2),
    );
    await expectValid(published);
  });
});

it('teletext subtitles of a transport stream show at their times', async () => {
  const pages: Said[] = [
    { startMs: 480, endMs: 1520, text: 'Guten Tag' },
    { startMs: 1800, endMs: 4200, text: 'two\nlines' },
  ];
  const path = join(farm.folder, 'teletext.ts');
  await ffmpeg('-i', film, '-c', 'copy', path);
  const { streams } = await ffprobe<{ streams: { codec_type: string; start_time: string }[] }>(
    '-show_streams',
    path,
  );
  const start = Number(streams.find(({ codec_type }) => codec_type === 'video')?.start_time);
  await writeFile(path, withTeletext(await readFile(path), pages, start));
  const published = await farm.transcode(path);
  expect(published.warnings).toEqual([]);
  const [track] = await readTextTracks(browser, published.folder);
  expect(track).toMatchObject({ name: 'German', language: 'de' });
  expectSaid(track?.cues ?? [], pages);
});

describe('subtitles that a job names', () => {
  const name = (job: JobOptions, id: string) => farm.transcode(film, { id, job });

  it('are named, chosen and read as the job says', async () => {
    await putBeside('named', { 'x.srt': Buffer.from(srt(said), 'latin1') });
    const published = await name(
      {
        subtitles: [
          {
            source: 'named/x.srt',
            language: 'de',
            kind: 'sdh',
            name: 'Mit "allem"',
            default: true,
            encoding: 'latin1',
          },
          { source: 'named/gone.fr.srt' },
        ],
      },
      'named',
    );
    const tracks = await readTextTracks(browser, published.folder);
    expect(tracks).toMatchObject([{ name: 'Mit allem', language: 'de', default: true }]);
    expect(tracks[0]?.characteristics).toContain('public.accessibility.transcribes-spoken-dialog');
    expectSaid(tracks[0]?.cues ?? []);
    expect(published.warnings).toEqual([
      'The subtitles "named/gone.fr.srt" were left out: The source "s3://source/named/gone.fr.srt" does not exist.',
    ]);
  });

  it('are added, corrected and removed afterwards, and what players hold stays as it is', async () => {
    const id = 'later';
    const before = await name({}, id);
    await putBeside(id, {
      'a.srt': srt(said),
      'b.srt': srt([{ startMs: 0, endMs: 1000, text: 'corrected' }]),
    });
    const change = (job: JobOptions) =>
      farm.transcode(film, { id, job: { ...job, addToFilm: true, outputs: ['hls'] } });
    const added = await change({ subtitles: [{ source: `${id}/a.srt`, language: 'en' }] });
    expect(added.film.subtitles).toMatchObject([
      { label: 'English', language: 'en', kind: 'subtitles', cues: 4 },
    ]);
    const shown = await readTextTracks(browser, added.folder);
    expectSaid(shown[0]?.cues ?? []);

    const corrected = await change({
      subtitles: [
        { source: `${id}/b.srt`, language: 'en' },
        { source: `${id}/a.srt`, language: 'fr', default: true },
      ],
    });
    const tracks = await readTextTracks(browser, corrected.folder);
    expect(tracks.map(({ language, cues }) => [language, cues.length])).toEqual([
      ['en', 1],
      ['fr', 4],
    ]);
    expect(corrected.files).toEqual(expect.arrayContaining(added.files));
    for (const file of before.files.filter((each) => /\.(m4s|mp4)$|0p\/index.m3u8$/.test(each)))
      expect(await readFile(join(corrected.folder, file))).toEqual(await readFile(join(before.folder, file)));
    await expectValid(corrected);
    const manifest = await readFile(join(corrected.folder, 'manifest.mpd'), 'utf8');
    expect(
      [...manifest.matchAll(/contentType="text" mimeType="text\/vtt" lang="(\w+)"/g)].map(([, lang]) => lang),
    ).toEqual(['en', 'fr']);

    const removed = await change({ removeSubtitles: [{ language: 'en' }, { language: 'fr' }] });
    expect(removed.film.subtitles).toBeUndefined();
    const playlist = await readFile(join(removed.folder, 'index.m3u8'), 'utf8');
    expect(playlist).not.toMatch(/SUBTITLES/);
    for (const file of ['index.m3u8', 'manifest.mpd'])
      expect(await readFile(join(removed.folder, file), 'utf8')).toBe(
        await readFile(join(before.folder, file), 'utf8'),
      );
  });

  it('that cannot be read leave a published film as it is, with a warning', async () => {
    const id = 'broken';
    const before = await name({}, id);
    await putBeside(id, { 'bad.en.srt': Buffer.alloc(1000) });
    const job: JobOptions = {
      addToFilm: true,
      outputs: ['hls'],
      subtitles: [{ source: `${id}/bad.en.srt` }],
    };
    const after = await name(job, id);
    expect(after.warnings).toEqual([
      `The subtitles "${id}/bad.en.srt" were left out: it holds no times such as 00:01:02,500 --> 00:01:04,000.`,
    ]);
    expect(after.film).toEqual(before.film);
  });
});
