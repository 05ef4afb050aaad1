import * as hls from 'hls-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { PartRecord } from '../../../worker/src/protocol/part-record.ts';
import { type Assembly, assemble, MissingSegmentsError } from '../../../worker/src/publish/assemble.ts';
import { planOf, recordsOf, withSteps } from '../../helpers/media/published.ts';
import { startStore, type TestStore } from '../../helpers/worker/store.ts';

const plan = planOf();
const pieces = [
  { seconds: 6, bytes: 600_000, keyframeBytes: 40_000 },
  { seconds: 6, bytes: 700_000, keyframeBytes: 41_000 },
  { seconds: 2.5, bytes: 200_000, keyframeBytes: 43_000 },
];
const root = 'films/job-1/';
const folder = new JobFolder('films/', 'job-1').plan(plan.id);

let files: TestStore;
let records: PartRecord[];
beforeEach(async () => {
  files = await startStore();
  records = withSteps(recordsOf(plan, pieces)).map((record) =>
    record.part === 0
      ? { ...record, poster: 'poster.jpg', sheets: [{ file: '0000-1.jpg', tileSeconds: [0, 5, 10] }] }
      : record,
  );
});
afterEach(() => files[Symbol.asyncDispose]());

/** Names of all that the parts published. */
function published(): string[] {
  const media = records.flatMap(({ renditions }) =>
    renditions.flatMap(({ name, segments }) => [
      `${name}/init.mp4`,
      ...segments.map(({ number }) => `${name}/${String(number).padStart(5, '0')}.m4s`),
    ]),
  );
  const parts = records.map(({ part }) => folder.record(part));
  const files = [...new Set([...media, 'poster.jpg', 'storyboard/0000-1.jpg'])];
  return [...files.map((name) => folder.file(name)), ...parts];
}

/** As the parts recorded it. */
function sizeOf(key: string): number | undefined {
  const [rendition = '', file = ''] = key.slice(folder.prefix.length).split('/');
  const made = records.flatMap(({ renditions }) => renditions).filter(({ name }) => name === rendition);
  if (file === 'init.mp4') return made[0]?.initBytes;
  const segments = made.flatMap((each) => each.segments);
  return segments.find(({ number }) => number === Number.parseInt(file, 10))?.bytes;
}

function assemblyOf(changes: Partial<Assembly> = {}): Assembly {
  return {
    plan,
    records,
    output: files.store,
    folder,
    request: { hash: 'asked' },
    assertHeld: async () => {},
    signal: new AbortController().signal,
    ...changes,
  };
}

describe('assemble', () => {
  it.each([
    ['nothing of the film', 0, []],
    ['no playlist that players know', 1, [folder.filmRecord, `${root}manifest.mpd`]],
  ])('commits %s when another worker has taken over', async (_, checks, written) => {
    await files.fill(published(), sizeOf);
    let asked = 0;
    const assertHeld = async () => {
      asked += 1;
      if (asked > checks) throw new Error('taken over');
    };
    await expect(assemble(assemblyOf({ assertHeld }))).rejects.toThrow('taken over');
    const late = [folder.filmRecord, `${root}manifest.mpd`, `${root}index.m3u8`];
    expect(files.puts.filter((key) => late.includes(key)).sort()).toEqual(written);
  });

  it('writes every playlist before the one that is the commit', async () => {
    await files.fill(published(), sizeOf);
    await assemble(assemblyOf());
    expect(files.puts.slice(-2)).toEqual([`${root}manifest.mpd`, `${root}index.m3u8`]);
    expect(files.puts.slice(0, -2).sort()).toEqual(
      [
        ...['720p', '360p'].flatMap((name) => [`${name}/index.m3u8`, `${name}/iframes.m3u8`]),
        ...['audio-0/index.m3u8', 'storyboard.vtt', 'film.json'],
      ]
        .map((name) => folder.file(name))
        .sort(),
    );
  });

  it('names nothing that is not there, and leaves nothing that is named nowhere', async () => {
    await files.fill(published(), sizeOf);
    await assemble(assemblyOf());
    const named = new Set([`${root}index.m3u8`, `${root}manifest.mpd`]);
    const follow = async (key: string) => {
      const text = String(await files.store.get(key));
      const parsed = hls.parse(text);
      const base = key.slice(0, key.lastIndexOf('/') + 1);
      const uris = [...text.matchAll(/URI="([^"]+)"|^([^#\s].*)$/gm)].map(
        (match) => base + (match[1] ?? match[2]),
      );
      for (const uri of uris) named.add(uri);
      if (parsed.isMasterPlaylist) await Promise.all(uris.map(follow));
    };
    await follow(`${root}index.m3u8`);
    const there = await files.keys();
    for (const key of named) expect(there).toContain(key);
    const others = there.filter((key) => !named.has(key)).map((key) => key.slice(folder.prefix.length));
    expect(others).toEqual([
      ...['film.json', 'parts/0000.json', 'parts/0001.json', 'parts/0002.json'],
      ...['poster.jpg', 'storyboard.vtt', 'storyboard/0000-1.jpg'],
    ]);
  });

  it('says what the film became', async () => {
    await files.fill(published(), sizeOf);
    const film = await assemble(assemblyOf({ publicUrl: 'https://films.example' }));
    expect(film).toMatchObject({
      playlist: 'films/job-1/index.m3u8',
      url: 'https://films.example/films/job-1/index.m3u8',
      plan: plan.id,
      durationSeconds: 14.5,
      encoder: 'x264',
      poster: folder.file('poster.jpg'),
      storyboard: folder.file('storyboard.vtt'),
    });
    expect(film.bytes).toBe(800 + 1_500_000 + 800 + 750_000 + 800 + 3003);
    expect(
      film.renditions.map(({ name, kind, width, frameRate, segments }) => [
        name,
        kind,
        width,
        frameRate,
        segments,
      ]),
    ).toEqual([
      ['720p', 'video', 1280, 29.97, 3],
      ['360p', 'video', 640, 29.97, 3],
      ['audio-0', 'audio', undefined, undefined, 3],
    ]);
  });

  it('commits nothing when a segment has another size than was recorded', async () => {
    const short = folder.file('720p/00001.m4s');
    await files.fill(published(), (key) => (key === short ? 1000 : sizeOf(key)));
    await expect(assemble(assemblyOf())).rejects.toThrow(MissingSegmentsError);
    expect(await files.keys()).not.toContain(`${root}index.m3u8`);
  });

  it.each(['720p/00001.m4s', '360p/init.mp4', 'poster.jpg', 'storyboard/0000-1.jpg'])(
    'commits nothing when %s is gone, and has its part made again',
    async (gone) => {
      await files.fill(
        published().filter((key) => key !== folder.file(gone)),
        sizeOf,
      );
      await expect(assemble(assemblyOf())).rejects.toThrow(MissingSegmentsError);
      const there = await files.keys();
      expect(there).not.toContain(`${root}index.m3u8`);
      expect(there).not.toContain(folder.record(0));
      expect(there).toContain(folder.record(2));
    },
  );

  it('commits nothing when init segments differ, and has the fewer parts made again', async () => {
    await files.fill(published(), sizeOf);
    const mixed = recordsOf(plan, pieces, 1);
    // As another GPU would have made it.
    for (const made of mixed[1]?.renditions ?? []) made.initSha256 = 'b'.repeat(64);
    await files.fill(mixed.map(({ part }) => folder.record(part)));
    await expect(assemble(assemblyOf({ records: mixed }))).rejects.toThrow(MissingSegmentsError);
    const there = await files.keys();
    expect(there).not.toContain(folder.job.commit);
    expect(mixed.map(({ part }) => there.includes(folder.record(part)))).toEqual(
      mixed.map(({ part }) => part !== 1),
    );
  });

  it('commits nothing when a part is not recorded', async () => {
    await files.fill(published(), sizeOf);
    const without = records.filter(({ part }) => part !== 0);
    await expect(assemble(assemblyOf({ records: without }))).rejects.toThrow('is missing');
    expect(await files.keys()).not.toContain(`${root}index.m3u8`);
  });

  it('ends with the same film when two workers do it at once', async () => {
    await files.fill(published(), sizeOf);
    const [one, other] = await Promise.all([assemble(assemblyOf()), assemble(assemblyOf())]);
    expect(one).toEqual(other);
    expect(await files.keys()).toContain(`${root}index.m3u8`);
  });
});
