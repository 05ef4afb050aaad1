import { createDecipheriv } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { clip, type FaultFarm, holdAt, put, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { functionsFor } from '../helpers/local-farm/functions.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';
import { ffmpeg, ffprobe } from '../helpers/media/clips.ts';
import { startKeyServer } from '../helpers/media/key-server.ts';
import { says } from '../helpers/media/shared-film.ts';
import { patience } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';

/**
 * A small job of each kind. With `--strict` each program has the role that the Pulumi program gives it, and storage limits, loses
 * answers and ends sessions.
 */
let faults: FaultFarm;

// Storage that says nothing costs seconds each time.
vi.setConfig({ testTimeout: 180_000 * patience });

beforeAll(async () => {
  faults = await startFaultFarm({ WORKERS_PER_FILM: '3' });
  const logo = join(faults.folder, 'logo.png');
  await ffmpeg('-f', 'lavfi', '-i', 'color=gray@0.5:s=16x8,format=rgba', '-frames:v', '1', logo);
  await faults.farm.put('logo.png', logo);
  await faults.farm.put('films/words.mp4', join(faults.folder, 'clip.mp4'));
  await faults.farm.put('films/words.en.srt', Buffer.from('1\n00:00:01,000 --> 00:00:07,000\nHello\n'));
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const [clipSeconds = 0] = clip.film.audioSeconds;

const stateOf = async (id: string) =>
  JSON.parse((await faults.farm.read(`${id}/status.json`)) ?? '') as JobState;

async function addFiles(id: string, outputs: string[]): Promise<void> {
  await faults.send({ id, options: { addToFilm: true, outputs } });
  const wanted = outputs.map((format) => `.${format}`).sort();
  const names = async () => (await stateOf(id)).film?.files?.map(({ name }) => extname(name)).sort();
  await until(async () => (await names())?.join() === wanted.join(), 'the added files', 120);
}

it('a film with a text and a logo over it, and files beside it', async () => {
  const overlays = [
    { text: 'Hello', at: 'bottom-right', size: '4%', from: 3 },
    { image: 'logo.png', at: 'bottom-left', width: '10%' },
  ] as const;
  const id = await faults.send({ options: { overlays: [...overlays] } });
  faults.startWorker();
  await expectFilm(faults, id);
  await addFiles(id, ['mp4', 'm4a']);
});

it('files of each format, some of them by a second worker when the first is killed after one', async () => {
  const first = faults.startWorker();
  const id = await faults.send();
  await expectFilm(faults, id);
  const adding = addFiles(id, ['m4a', 'mp3', 'flac', 'gif', 'mp4', 'webm']);
  await says(first, 'file published');
  first.kill('SIGKILL');
  await first.exited;
  faults.startWorker();
  await adding;
  const { film } = await stateOf(id);
  for (const { key, format } of film?.files ?? []) {
    const bytes = await faults.farm.readBytes(key);
    const path = join(faults.folder, `made.${format}`);
    await writeFile(path, bytes ?? '');
    const { format: made } = await ffprobe<{ format: { duration: string } }>('-show_format', path);
    // MP3 and GIF know their length to a frame of theirs.
    const lateSeconds = Number(made.duration) - clipSeconds;
    expect(lateSeconds, format).toBeGreaterThan(-0.1);
    expect(lateSeconds, format).toBeLessThan(0.2);
  }
});

it('an encrypted film, of which the next worker makes the same bytes when the first is killed', async () => {
  await using keys = await startKeyServer();
  const environment = {
    ENCRYPTION: 'aes-128',
    ENCRYPTION_KEY_URL: keys.keyUrl,
    ENCRYPTION_SECRET: keys.secret,
  } as const;
  const first = faults.startWorker(environment);
  const id = await faults.send();
  // The part is published and not recorded, so it is made again.
  await holdAt(faults.s3, put(/\/parts\/0001\.json$/));
  first.kill('SIGKILL');
  await first.exited;
  const sent = new RegExp(`^PUT .*${id}/(\\w+)/(\\d+p)/00001\\.m4s`);
  const [, plan = '', rendition = ''] =
    faults.s3.requests.map((request) => sent.exec(request)).find((match) => match !== null) ?? [];
  const segment = (number: number) => faults.farm.readBytes(`${id}/${plan}/${rendition}/0000${number}.m4s`);
  const before = Buffer.from(await segment(1));
  faults.s3.heal();
  faults.startWorker(environment);
  const { film } = await faults.farm.waitFor(id, 'succeeded', 90);
  expect(film).toMatchObject({ plan, encryption: 'aes-128' });
  expect(before.length).toBeGreaterThan(0);
  expect(before.equals(await segment(1))).toBe(true);
  for (let number = 0; number < clip.film.segments; number++) {
    const iv = Buffer.from([...new Uint8Array(15), number]);
    const decipher = createDecipheriv('aes-128-cbc', keys.keyOf(id, plan), iv);
    const clear = Buffer.concat([decipher.update(await segment(number)), decipher.final()]);
    expect(clear.toString('latin1', 4, 8), `segment ${number}`).toMatch(/^(styp|moof)$/);
  }
});

it('a film of two clips that two workers make', async () => {
  const sources = [
    { source: clip.key, from: 4 },
    { source: 'films/words.mp4', to: 2 },
  ];
  const id = await faults.send({ sources });
  faults.startWorker();
  faults.startWorker();
  const numberOf = (frame: number) => (frame < 100 ? frame + 100 : frame - 100);
  const film = { ...clip.film, frames: 150, segments: 3, audioSeconds: [6], numberOf };
  await expectFilm(faults, id, { film });
});

it('a film with subtitles beside it, and some that are added later', async () => {
  const source = 'films/words.mp4';
  const id = await faults.send({ source });
  faults.startWorker();
  const { film } = await expectFilm(faults, id);
  expect(film?.subtitles?.map(({ language }) => language)).toEqual(['en']);
  const subtitles = [{ source: 'films/words.en.srt', language: 'de' }];
  await faults.send({ id, source, options: { addToFilm: true, outputs: ['hls'], subtitles } });
  const languages = async () => (await stateOf(id)).film?.subtitles?.map(({ language }) => language);
  await until(async () => (await languages())?.join() === 'en,de', 'the added subtitles', 60);
});

it('a film that functions make', async () => {
  const id = await faults.send();
  await using _ = await functionsFor(faults.farm, { dir: faults.folder, concurrency: 3 });
  const { film } = await faults.farm.waitFor(id, 'succeeded', 120);
  // A lease may be left behind where storage does not answer its end: it becomes stale by itself.
  const segments = await faults.farm.keys(`${id}/${film?.plan}/`);
  expect(segments.filter((key) => key.endsWith('.m4s')).length).toBeGreaterThanOrEqual(8);
  await until(async () => (await faults.farm.backlog()) === 0, 'the message to be deleted');
});
