import { join } from 'node:path';
import type { types } from 'hls-parser';
import * as hls from 'hls-parser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tone, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { pattern } from '../helpers/media/pattern.ts';
import { startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';
import { until } from '../helpers/until.ts';

/** A version of a playlist as it was written, and what was in storage by then. */
interface Written {
  name: string;
  text: string;
  there: ReadonlySet<string>;
}

let transcoding: Transcoding;
let clip: string;
const there = new Set<string>();
const versions: Written[] = [];

/** Whether the later segments wait until players have news of the first ones, as with a film that takes its time. */
let isHeld = true;
const firstHeld = 12;

async function players(key: string): Promise<void> {
  const [, folder, name, number] = /^(.*)\/([^/]+)\/(\d{5})\.(?:m4s|ts)$/.exec(key) ?? [];
  if (!isHeld || Number(number ?? 0) < firstHeld) return;
  const playlist = `${folder}/early/${name}.m3u8`;
  const known = () => versions.filter((version) => version.name === playlist).length;
  await until(() => known() >= 2, `two versions of ${playlist}`, 30);
}

beforeAll(async () => {
  transcoding = await startTranscoding();
  clip = join(transcoding.folder, 'film.mp4');
  const picture = pattern({ width: 128, height: 72, seconds: 32 });
  await ffmpeg(...picture, ...tone(31), ...x264, '-c:a', 'aac', clip);
  const { output } = transcoding.stores;
  const { put, putIf, putFile } = output;
  const note = (key: string, body: Buffer | string) => {
    there.add(key);
    versions.push({ name: key, text: String(body), there: new Set(there) });
  };
  output.put = async (key, body, options) => {
    note(key, body);
    await put.call(output, key, body, options);
  };
  output.putIf = async (key, body, condition, options) => {
    note(key, body);
    return putIf.call(output, key, body, condition, options);
  };
  output.putFile = async (key, path, options) => {
    await players(key);
    const result = await putFile.call(output, key, path, options);
    there.add(key);
    return result;
  };
});
afterAll(() => transcoding[Symbol.asyncDispose]());

function media({ text }: Pick<Written, 'text'>): types.MediaPlaylist {
  const parsed = hls.parse(text);
  if (parsed.isMasterPlaylist) throw new Error('not a media playlist');
  return parsed as types.MediaPlaylist;
}

const endOf = ({ segments }: types.MediaPlaylist) =>
  segments.reduce((sum, { duration }) => sum + duration, 0);

it.each([
  ['fmp4', { PART_SECONDS: '60' }],
  [
    'mpegts',
    {
      PART_SECONDS: '10',
      ENCRYPTION: 'aes-128',
      ENCRYPTION_KEY_URL: 'https://keys.example.com/{jobId}/{plan}',
      ENCRYPTION_SECRET: Buffer.alloc(32).toString('base64'),
    },
  ],
] as const)(
  'a film can be played while it is made, and its playlists only grow (%s)',
  async (format, parts) => {
    const { film, files, warnings } = await transcoding.transcode(clip, {
      id: format,
      environment: { SEGMENT_FORMAT: format, LADDER: '[{"rung":"360p"},{"rung":"240p"}]', ...parts },
      job: { early: true },
    });
    const folder = `${format}/${film.plan}`;
    const own = versions.filter(({ name }) => name.startsWith(`${folder}/early/`));
    const commit = versions.findIndex(({ name }) => name === `${format}/index.m3u8`);

    // One multivariant playlist, when all that it names is there, and long before the commit.
    const [stream, ...more] = own.filter(({ name }) => name === `${folder}/early/index.m3u8`);
    expect(more).toEqual([]);
    expect(versions.indexOf(stream as Written)).toBeLessThan(commit);
    const early = hls.parse(stream?.text ?? '') as types.MasterPlaylist;
    const final = hls.parse(versions[commit]?.text ?? '') as types.MasterPlaylist;
    expect(early.start).toMatchObject({ offset: 0 });
    const names = film.renditions.map(({ name }) => name);
    for (const name of names) expect(stream?.there).toContain(`${folder}/early/${name}.m3u8`);
    const variants = final.variants.filter(({ isIFrameOnly }) => !isIFrameOnly);
    expect(early.variants).toHaveLength(variants.length);
    for (const { codecs, resolution, audio, ...variant } of early.variants) {
      const same = variants.find((each) => each.resolution?.height === resolution?.height);
      expect({ codecs, tracks: audio.length }).toEqual({ codecs: same?.codecs, tracks: same?.audio.length });
      expect(variant.bandwidth).toBeGreaterThanOrEqual(same?.bandwidth ?? Number.POSITIVE_INFINITY);
    }

    const lengths = new Map<string, number[]>();
    for (const [n, version] of own.entries()) {
      if (version === stream) continue;
      const name = version.name.slice(`${folder}/early/`.length, -'.m3u8'.length);
      const playlist = media(version);
      expect(playlist).toMatchObject({ playlistType: 'EVENT', mediaSequenceBase: 0, targetDuration: 2 });
      expect(version.text).not.toContain('PROGRAM-DATE-TIME');
      const keys = playlist.segments.map(({ key }) => key?.uri);
      expect(new Set(keys)).toEqual(new Set([film.encryption && `https://keys.example.com/${folder}`]));
      for (const { uri, map } of playlist.segments)
        for (const file of [uri, ...(map ? [map.uri] : [])])
          expect(version.there).toContain(`${folder}/${file.replace(/^\.\.\//, '')}`);
      const before = own.slice(0, n).findLast(({ name: key }) => key === version.name);
      if (before) expect(version.text.startsWith(before.text)).toBe(true);
      if (!playlist.endlist) lengths.set(name, [...(lengths.get(name) ?? []), Math.round(endOf(playlist))]);
    }
    // Picture and audio in step.
    for (const name of names) expect(lengths.get(name), name).toEqual(lengths.get(names[0] ?? ''));
    for (const name of names) {
      const all = own.filter((version) => version.name === `${folder}/early/${name}.m3u8`);
      expect(all.length, `versions of ${name}`).toBeGreaterThan(2);
      const last = media(all.at(-1) as Written);
      const published = versions.find(
        (version) => version.name === `${folder}/${name}/index.m3u8`,
      ) as Written;
      const facts = ({ segments }: types.MediaPlaylist) =>
        segments.map(({ uri, duration }) => ({ file: uri.split('/').at(-1), duration }));
      expect(last.endlist).toBe(true);
      expect(facts(last)).toEqual(facts(media(published)));
      expect(media(published).playlistType).toBe('VOD');
    }
    expect(warnings).toEqual([]);
    // Players that are in the middle go on for as long as with a film that is replaced.
    expect(files).toContain(`${film.plan}/early/index.m3u8`);
    expect(there).toContain(`.replaced/${format}/${film.plan}/early.json`);
  },
);

it('the playlists of early play go when players are at the end, and the film stays', async () => {
  isHeld = false;
  const { film, files } = await transcoding.transcode(clip, {
    id: 'fmp4',
    environment: {
      PART_SECONDS: '60',
      LADDER: '[{"rung":"360p"},{"rung":"240p"}]',
      KEEP_REPLACED_SECONDS: '0',
    },
    job: { early: true, force: true },
  });
  expect(files.filter((name) => name.includes('/early/'))).toEqual([]);
  expect(files).toContain(`${film.plan}/240p/index.m3u8`);
  const left: string[] = [];
  for await (const { key } of transcoding.stores.output.list('.replaced/')) left.push(key);
  expect(left.filter((key) => key.startsWith('.replaced/fmp4/'))).toEqual([]);
});
