import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCountedFilm } from '../helpers/media/counted-film.ts';
import { type Published, startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';
import { vttProblems } from '../helpers/media/vtt-validator.ts';

const hour = (n: number) => `${n}\n00:00:00,000 --> 01:00:00,000\nlong\n`;
const script = '<script>alert(1)</script><img src=x onerror=alert(1)>\0<v "><script>x';

/** Each a file beside the film, by its language. */
const files: Record<string, string | Buffer> = {
  'film.ar.srt': Array.from({ length: 100_000 }, (_, n) => `${n}\n00:00:01,000 --> 00:00:02,000\nx\n`).join(
    '\n',
  ),
  'film.bg.srt': '1\n00:00:01,000 --> 100:00:00,000\nan hour at most\n',
  'film.cs.srt': Array.from({ length: 10_000 }, (_, n) => hour(n)).join('\n'),
  'film.da.srt':
    '1\n-00:00:05,000 --> 00:00:01,000\nbefore the film\n\n2\n00:00:03,000 --> 00:00:02,000\nbackwards\n',
  'film.el.srt': `1\n00:00:01,000 --> 00:00:02,000\n${script}\n`,
  'film.es.vtt': `WEBVTT\n\nSTYLE\n::cue { background: url(http://127.0.0.1/x) }\n\n${script}\n00:01.000 --> 00:02.000 line:${'9'.repeat(400)} position:-1% region:${script}\n${script}\n\nNOTE -->\n\n`,
  'film.et.ass': `[Script Info]\nPlayResX: 0\nPlayResY: -1\n[V4+ Styles]\nFormat: ${'Name,'.repeat(5000)}\nStyle: ${'x,'.repeat(5000)}\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{\\pos(1e999,${'9'.repeat(400)})}${script}{${'\\b1'.repeat(5000)}}\n`,
  'film.fi.ttml': `<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY a "${'a'.repeat(1000)}"><!ENTITY b "&a;&a;&a;">]><tt xmlns="http://www.w3.org/ns/ttml"><body>${'<div begin="1s">'.repeat(10_000)}<p begin="0s" end="1s">x</p><p begin="1s" end="2s">&b;${script.replaceAll('<', '&lt;')}</p></body></tt>`,
  'film.fr.srt': Buffer.alloc(50_000_000, 'x'),
  'film.hr.srt': Buffer.alloc(3_000_000, '<'),
  'film.hu.ttml': `<tt ${'x="'.repeat(300_000)}`,
  'film.it.ttml': '<!--<tt>'.repeat(300_000),
  'film.lt.srt': Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x0a]),
  'film.lv.srt': `1\n00:00:01,000 --> 00:00:02,000\n${'<b>'.repeat(500_000)}deep\n`,
  'film.nl.vtt': 'WEBVTT',
  'film.pl.srt': Buffer.alloc(0),
};

let farm: Transcoding;
let published: Published;

beforeAll(async () => {
  farm = await startTranscoding();
  const clip = join(farm.folder, 'clip.mp4');
  await makeCountedFilm(clip, { size: [128, 72], seconds: 3 });
  for (const [name, content] of Object.entries(files))
    await farm.stores.source.put(`hostile/${name}`, content, {
      contentType: 'text/plain',
      cacheControl: 'no-cache',
    });
  published = await farm.transcode(clip, { id: 'hostile' });
}, 60_000);
afterAll(() => farm[Symbol.asyncDispose]());

it('hostile subtitles never fail a film: each is published, or named in a warning', () => {
  const languages = published.film.subtitles?.map(({ language }) => language);
  expect(languages).toEqual(['ar', 'bg', 'cs', 'da', 'el', 'es', 'et', 'fi', 'lv']);
  const about = (name: string) => published.warnings.find((warning) => warning.includes(name));
  expect(about('film.ar.srt')).toContain('have 100000 cues: those after the first 50000 were left out');
  expect(about('film.fr.srt')).toContain('it has 48 MiB, and subtitles may have 10 MiB');
  for (const name of ['hr.srt', 'hu.ttml', 'it.ttml', 'lt.srt', 'nl.vtt', 'pl.srt'])
    expect(about(`film.${name}`), name).toContain('were left out');
});

it('what is published of hostile subtitles is valid WebVTT without anything that a browser would run', async () => {
  const texts = published.files.filter((file) => /\/text-[^/]*\/.*\.vtt$/.test(file));
  for (const file of texts.filter((each) => !each.includes('text-0-ar'))) {
    const text = await readFile(join(published.folder, file), 'utf8');
    expect(vttProblems(text), file).toEqual([]);
    expect(text).not.toMatch(/<(script|img)|\0|url\(/);
  }
});
