import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg } from '../helpers/media/clips.ts';
import { readFilm } from '../helpers/media/read-film.ts';
import { flashesAndBeeps, measureSync } from '../helpers/media/sync.ts';
import { startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';

let farm: Transcoding;
beforeAll(async () => {
  farm = await startTranscoding();
});
afterAll(() => farm[Symbol.asyncDispose]());

const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
const aac = ['-c:a', 'aac', '-b:a', '96k'];
/** The picture's packet id, and the one after it for the sound; and where the table of both is. */
const ids = (picture: number, table = 0x1000) => [
  ...['-mpegts_start_pid', String(picture), '-mpegts_pmt_start_pid', String(table)],
];

/** Stretches of 3 s, joined byte by byte. */
async function recording(name: string, ...stretches: string[][]): Promise<string> {
  const pieces = stretches.map(async (args, n) => {
    const path = join(farm.folder, `${n}-${name}.ts`);
    await ffmpeg(...flashesAndBeeps(3), ...args, '-output_ts_offset', String(10 + 3 * n), path);
    return readFile(path);
  });
  const clip = join(farm.folder, name);
  const whole = Buffer.concat(await Promise.all(pieces));
  await writeFile(clip, name.endsWith('.m2ts') ? withTimeStamps(whole) : whole);
  return clip;
}

/** ffmpeg's own M2TS has the packet ids of Blu-rays, whatever it is asked for. */
function withTimeStamps(bytes: Buffer): Buffer {
  const packets = Array.from({ length: bytes.length / 188 }, (_, n) =>
    bytes.subarray(n * 188, (n + 1) * 188),
  );
  return Buffer.concat(packets.flatMap((packet) => [Buffer.alloc(4), packet]));
}

const first = [...h264, ...aac, ...ids(0x100)];

describe('a recording whose streams go on under other packet ids', () => {
  it.each<[what: string, name: string, stretches: string[][]]>([
    ['in another table, and come back', 'moved.ts', [first, [...h264, ...aac, ...ids(0x200, 0x1100)], first]],
    ['that were those of another stream', 'taken.ts', [first, [...h264, ...aac, ...ids(0x101)]]],
    [
      'in another order, in packets with a time stamp each (M2TS)',
      'order.m2ts',
      [first, [...h264, ...aac, ...ids(0x300), '-map', '1', '-map', '0']],
    ],
  ])('%s: the film has all of them, in step to its end', async (_, name, stretches) => {
    const published = await farm.transcode(await recording(name, ...stretches));
    const film = await readFilm(published);
    const seconds = 3 * stretches.length;
    expect(published.warnings).toEqual([]);
    expect(film.audio).toHaveLength(1);
    expect(film.video[0]?.packets.length).toBe(25 * seconds);
    const flashes = await measureSync(film);
    expect(flashes.map((flash) => Math.round(flash.seconds))).toEqual(
      Array.from({ length: seconds }, (_, n) => n),
    );
    for (const { seconds: at, beepAfterSeconds } of flashes)
      expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${at} s`).toBeLessThan(0.02);
  });

  it('gives a clip from behind the change its frames, in step', async () => {
    const path = await recording('clip.ts', first, [...h264, ...aac, ...ids(0x200, 0x1100)]);
    const film = await readFilm(
      await farm.transcode([
        { path, from: 3.6, to: 5.6 },
        { path, from: 0.4, to: 1.6 },
      ]),
    );
    expect(film.video[0]?.packets.length).toBe(80);
    const flashes = await measureSync(film);
    expect(flashes.map(({ seconds }) => Number(seconds.toFixed(2)))).toEqual([0.4, 1.4, 2.6]);
    for (const { seconds, beepAfterSeconds } of flashes)
      expect(Math.abs(beepAfterSeconds ?? 9), `the beep at ${seconds} s`).toBeLessThan(0.02);
  });

  it('is refused by name where its picture goes on in another codec', async () => {
    const mpeg2 = ['-c:v', 'mpeg2video', '-q:v', '3', ...aac, ...ids(0x200, 0x1100)];
    await expect(farm.transcode(await recording('codec.ts', first, mpeg2))).rejects.toMatchObject({
      code: 'no-decoder',
      message: expect.stringMatching(
        /^The recording's video changes from H\.264 to MPEG-2 in the middle.*\(`sources`\)\.$/,
      ),
    });
  });
});
