import { copyFile, cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tone, useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { checkFilm } from '../helpers/media/film-checks.ts';
import { noise, pattern } from '../helpers/media/pattern.ts';
import type { Published } from '../helpers/media/transcoding.ts';

/** The checks that all these films go through must see what is wrong: here it is planted. */
const farm = useFarm();
const expected = { size: [640, 360] as [number, number], frames: 150, audioSeconds: [6], segments: 3 };
let whole: Published;

beforeAll(async () => {
  const clip = await farm.make(
    'whole.mp4',
    ...pattern({ width: 640, height: 360, filter: noise }),
    ...tone(6),
    ...x264,
    '-c:a',
    'aac',
  );
  whole = (await farm.check(clip, expected)).published;
});

type Spoil = (
  folder: string,
  names: { plan: string; video: string; other: string; audio: string },
) => Promise<void>;

const edit =
  (file: (names: Parameters<Spoil>[1]) => string, from: string | RegExp, to: string): Spoil =>
  async (folder, names) => {
    const path = join(folder, file(names));
    const text = await readFile(path, 'utf8');
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${path} has no ${from}`);
    await writeFile(path, changed);
  };

const defects: [string, Spoil][] = [
  ['a segment that is missing', (folder, { video }) => rm(join(folder, video, '00001.m4s'))],
  ['a segment that is cut short', (folder, { video }) => truncate(join(folder, video, '00001.m4s'), 9000)],
  [
    'a segment that comes twice',
    (folder, { video }) => copyFile(join(folder, video, '00000.m4s'), join(folder, video, '00001.m4s')),
  ],
  [
    'a segment of another rung',
    (folder, { video, other }) =>
      copyFile(join(folder, other, '00001.m4s'), join(folder, video, '00001.m4s')),
  ],
  ['sound that is cut short', (folder, { audio }) => truncate(join(folder, audio, '00001.m4s'), 9000)],
  ['an empty playlist', (folder, { video }) => writeFile(join(folder, video, 'index.m3u8'), '')],
  [
    'a playlist that ends early',
    edit(({ video }) => `${video}/index.m3u8`, /#EXTINF:[^\n]+\n00002\.m4s\n/, ''),
  ],
  ['a playlist without an end', edit(({ video }) => `${video}/index.m3u8`, '#EXT-X-ENDLIST', '')],
  [
    'a target duration that is too short',
    edit(({ video }) => `${video}/index.m3u8`, /TARGETDURATION:\d+/, 'TARGETDURATION:1'),
  ],
  [
    'segments that are not as long as it says',
    edit(({ video }) => `${video}/index.m3u8`, 'EXTINF:2.0', 'EXTINF:2.2'),
  ],
  [
    'a bandwidth that is not true',
    edit(() => 'index.m3u8', /AVERAGE-BANDWIDTH=\d+/, 'AVERAGE-BANDWIDTH=90000'),
  ],
  ['a peak that is not true', edit(() => 'index.m3u8', /:BANDWIDTH=\d+/, ':BANDWIDTH=1000')],
  ['a codec that is not true', edit(() => 'index.m3u8', /avc1\.6400/, 'avc1.4d40')],
  ['a size that is not true', edit(() => 'index.m3u8', 'RESOLUTION=640x360', 'RESOLUTION=1280x720')],
  ['a rate that is not true', edit(() => 'index.m3u8', /FRAME-RATE=25\.000/, 'FRAME-RATE=30.000')],
  ['a file that nothing names', (folder, { video }) => writeFile(join(folder, video, '00009.m4s'), 'lost')],
  ['a tile outside of its sheet', edit(({ plan }) => `${plan}/storyboard.vtt`, 'xywh=0,0', 'xywh=8000,0')],
  [
    'a tile of another time',
    edit(({ plan }) => `${plan}/storyboard.vtt`, 'storyboard/0001-1', 'storyboard/0002-1'),
  ],
];

describe('the checks see', () => {
  it('nothing wrong with a copy of the whole film', async () => {
    const folder = `${whole.folder}-copy`;
    await cp(whole.folder, folder, { recursive: true });
    await checkFilm({ ...whole, folder }, expected);
  });

  it.each(defects)('%s', async (name, spoil) => {
    const folder = `${whole.folder}-${name.replaceAll(' ', '-')}`;
    await cp(whole.folder, folder, { recursive: true });
    const { plan } = whole.film;
    await spoil(folder, { plan, video: `${plan}/360p`, other: `${plan}/240p`, audio: `${plan}/audio-0` });
    const files = whole.files.filter(
      (file) => !(name.includes('missing') && file.endsWith('360p/00001.m4s')),
    );
    if (name.includes('names')) files.push(`${plan}/360p/00009.m4s`);
    await expect(checkFilm({ ...whole, folder, files: files.sort() }, expected)).rejects.toThrow();
  });
});
