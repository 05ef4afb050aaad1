import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPart } from '../../../worker/src/encode/part.ts';
import { joinClips } from '../../../worker/src/plan/join.ts';
import { probe } from '../../../worker/src/probe/probe.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { serveFiles } from '../../helpers/media/file-server.ts';
import { planRequest } from '../../helpers/media/media.ts';
import { listenTo } from '../../helpers/media/sound.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let storage: TestStorage;
beforeAll(async () => {
  folder = await temporaryFolder();
  storage = await startStorage();
});
afterAll(async () => {
  await storage[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

interface Stretch {
  hertz: number;
  channels: number;
  sampleRate: number;
}

const stretchSeconds = 2;

/** A recording whose audio changes its format every two seconds. */
async function record(name: string, stretches: readonly Stretch[]): Promise<string> {
  const path = join(folder.path, name);
  const pieces: string[] = [];
  for (const [n, { hertz, channels, sampleRate }] of stretches.entries()) {
    const piece = join(folder.path, `${n}-${name}`);
    pieces.push(piece);
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `sine=${hertz}:duration=${stretchSeconds}:sample_rate=${sampleRate}`],
      ...['-ac', String(channels), '-c:a', 'ac3', '-b:a', '448k'],
      ...['-output_ts_offset', String(10 + n * stretchSeconds), '-f', 'mpegts', piece],
    );
  }
  await ffmpeg('-i', `concat:${pieces.join('|')}`, '-c', 'copy', '-f', 'mpegts', path);
  return path;
}

interface Options {
  delayMs?: (path: string) => number;
  ranges?: readonly { from?: number; to?: number }[];
}

/** The joined clips as a viewer hears them. */
async function joined(paths: readonly string[], { delayMs, ranges = [] }: Options = {}) {
  const tools = realMediaTools();
  await using quick = await serveFiles();
  const limits = { durationSeconds: 60, pixels: 1e6, streams: 8, probeSeconds: 20 };
  const clips = [];
  for (const [source, path] of paths.entries()) {
    const media = await probe(tools, quick.url(path), 1e6, limits);
    clips.push({ source, name: path, media, ...ranges[source] });
  }
  const plan = joinClips(clips, planRequest({ audioOnly: true }));
  const [part] = plan.parts;
  if (part?.kind !== 'audio') throw new TypeError('These clips are audio alone.');

  await using server = await serveFiles(delayMs);
  const bucket = storage.bucket(`joined-${Math.random().toString(36).slice(2)}`);
  const output = openStore(bucket);
  const workDir = join(folder.path, bucket.bucket);
  await mkdir(workDir);
  const planFolder = new JobFolder('', 'job').plan(plan.id);
  const record = await startPart(
    {
      ...{ plan, tools, output, workDir, folder: planFolder },
      urls: paths.map((path) => server.url(path)),
      stallSeconds: 30,
      pacesAudio: false,
      sourceStalledSeconds: () => 0,
      sourceFailure: () => undefined,
      readSideFile: () => Promise.reject(new Error('There are no files beside the clips.')),
      maxSeconds: 100,
      onProgress: () => {},
      onPublished: () => {},
      record: async () => {},
      signal: new AbortController().signal,
    },
    part,
  ).recorded;
  const names = ['init.mp4', ...(record.renditions[0]?.segments ?? []).map(segmentName)];
  const files = await Promise.all(
    names.map((name) => output.get(planFolder.file(`${plan.audio[0]?.name}/${name}`))),
  );
  output.close();
  const whole = join(workDir, 'whole.mp4');
  await writeFile(whole, Buffer.concat(files.map((file) => file ?? Buffer.alloc(0))));
  return { sound: await listenTo('-xerror', '-i', whole), record };
}

const segmentName = ({ number }: { number: number }) => `${String(number).padStart(5, '0')}.m4s`;

describe('the audio of joined clips', () => {
  it('has all of each clip in its place where several change their format, and one is slow to come', async () => {
    const stereo = { channels: 2, sampleRate: 48_000 };
    const surround = { channels: 6, sampleRate: 48_000 };
    const first = await record('first.ts', [
      { hertz: 400, ...stereo },
      { hertz: 600, ...surround },
    ]);
    const second = await record('second.ts', [
      { hertz: 800, ...surround },
      { hertz: 500, channels: 1, sampleRate: 44_100 },
      { hertz: 700, ...stereo },
    ]);
    const { sound, record: made } = await joined([first, second], {
      delayMs: (path) => (path === second ? 1500 : 0),
    });
    for (const [n, hertz] of [400, 600, 800, 500, 700].entries()) {
      const from = n * stretchSeconds;
      expect(sound.hertz(from + 0.1, from + stretchSeconds - 0.1), `at ${from} s`).toBeCloseTo(hertz, -1);
      expect(sound.peak(from + 1, from + 1.1), `at ${from} s`).toBeGreaterThan(0.02);
    }
    expect(made.endSeconds).toBeGreaterThan(9.9);
    expect(made.endSeconds).toBeLessThan(10.1);
  });

  it('is silent where a clip begins behind the end of its audio, and goes on in the next one', async () => {
    const path = join(folder.path, 'short-audio.mkv');
    await ffmpeg(
      ...['-f', 'lavfi', '-i', 'sine=400:duration=2:sample_rate=48000'],
      ...['-f', 'lavfi', '-i', 'color=size=64x36:rate=10:duration=6'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-c:a', 'aac', path],
    );
    const { sound, record: made } = await joined([path, path], {
      ranges: [
        { from: 4, to: 6 },
        { from: 0.5, to: 1.5 },
      ],
    });
    expect(sound.peak(0, 1.9)).toBe(0);
    expect(sound.hertz(2.1, 2.9)).toBeCloseTo(400, -1);
    expect(made.endSeconds).toBeCloseTo(3, 1);
  });
});
