import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audioArguments } from '../../../worker/src/encode/audio-arguments.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { AudioPart, Plan } from '../../../worker/src/plan/plan.ts';
import { noteCadence } from '../../../worker/src/probe/cadence.ts';
import { probe } from '../../../worker/src/probe/probe.ts';
import { readOutputs } from '../../helpers/ffmpeg/ffmpeg-arguments.ts';
import { ffmpeg, realMediaTools, temporaryFolder } from '../../helpers/media/clips.ts';
import { type FileServer, serveFiles } from '../../helpers/media/file-server.ts';
import { audioStream, film, planRequest } from '../../helpers/media/media.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

const tools = realMediaTools();
const { limits } = testSettings();
const signal = new AbortController().signal;

const pictures = 'color=s=64x36:r=25';
const filmSeconds = 13.7;
const seamSeconds = 6;
/** Parts of the audio are ten times as long. */
const encoding = { partSeconds: seamSeconds / 10, segmentSeconds: 2 };

const sounds = {
  tones: 'aevalsrc=0.3*sin(2*PI*441*t)+0.2*sin(2*PI*3520*t)|0.3*sin(2*PI*277*t)+0.1*sin(2*PI*9000*t)',
  noise: 'anoisesrc=color=pink:amplitude=0.4:seed=7,pan=stereo|c0=c0|c1=0.5*c0',
  // Syllables: overtones of two speakers, with breath between.
  speech:
    'aevalsrc=0.4*pow(max(0\\,sin(2*PI*3.1*t))\\,2)*(sin(2*PI*140*t)+0.5*sin(2*PI*280*t)+0.4*sin(2*PI*2100*t))+0.01*random(0)|' +
    '0.3*pow(max(0\\,sin(2*PI*2.3*t))\\,2)*(sin(2*PI*210*t)+0.4*sin(2*PI*1900*t))+0.01*random(1)',
};

let server: FileServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  server = await serveFiles();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

interface Source {
  file: string;
  sound: keyof typeof sounds;
  rate: number;
  args: string[];
  segmentFormat?: 'fmp4' | 'mpegts';
  /** Whether times in the file are exact. */
  isExact?: boolean;
}

const aac = ['-c:a', 'aac', '-b:a', '256k'];
/** As editing systems write it: a stream for each channel. */
const dualMono = [
  '-filter_complex',
  '[1:a]asplit[a][b];[a]pan=mono|c0=c0[l];[b]pan=mono|c0=c1[r]',
  ...['-map', '0', '-map', '[l]', '-map', '[r]', '-c:a', 'pcm_s16le'],
];

describe('audio in two parts', () => {
  it.each<Source>([
    { file: 'two-mono.mov', sound: 'tones', rate: 48000, args: dualMono },
    { file: 'speech.mp4', sound: 'speech', rate: 48000, args: aac },
    { file: 'mono.mp4', sound: 'noise', rate: 44100, args: [...aac, '-ac', '1'] },
    { file: 'resampled.mov', sound: 'tones', rate: 32000, args: ['-c:a', 'pcm_s16le'] },
    { file: 'ac3.mkv', sound: 'noise', rate: 48000, args: ['-c:a', 'ac3', '-b:a', '448k'], isExact: false },
    { file: 'transport.mp4', sound: 'tones', rate: 44100, args: aac, segmentFormat: 'mpegts' },
  ])(
    'sounds at its seam as elsewhere, and is as long as in one: $file',
    async (source) => {
      const { file, sound, rate, args, segmentFormat = 'fmp4', isExact = true } = source;
      const path = join(folder.path, file);
      await ffmpeg(
        ...['-f', 'lavfi', '-i', `${pictures}:d=${filmSeconds}`],
        ...['-f', 'lavfi', '-i', `${sounds[sound]},aresample=${rate},atrim=end=${filmSeconds}`],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '75', '-pix_fmt', 'yuv420p', ...args, path],
      );
      const url = server.url(path);
      const media = await noteCadence(tools, url, await probe(tools, url, 1e6, limits, signal), {
        timeoutSeconds: limits.probeSeconds,
        signal,
      });
      const plan = makePlan(media, planRequest({ ...encoding, segmentFormat }));
      const parts = plan.parts.filter((part) => part.kind === 'audio');
      expect(parts.map(({ startSeconds }) => startSeconds)).toEqual([0, seamSeconds]);

      const cuts = parts.flatMap(({ startSeconds = 0, segmentCuts }) => [startSeconds, ...segmentCuts]);
      const segmentCuts = cuts.slice(1);
      const one: AudioPart = { kind: 'audio', index: 0, startSeconds: 0, firstSegment: 0, segmentCuts };
      const whole = await encode(plan, url, [one], `${file}-whole`);
      const joined = await encode(plan, url, parts, `${file}-joined`);
      expect(joined.files).toEqual(whole.files);
      expect(joined.samples.length).toBe(whole.samples.length);

      const original = await decode(path, whole);
      const noiseRatio = (made: Encoded, at: number, length = 0.1) => {
        const lag = isExact ? 0 : lagOf(made.samples, original, made.channels);
        const from = (at - length / 2) * made.rate * made.channels;
        const samples = made.samples.subarray(Math.max(0, lag) * made.channels);
        const heard = original.subarray(Math.max(0, -lag) * made.channels);
        return signalToNoise(samples, heard, from, length * made.rate * made.channels);
      };
      const middle = filmSeconds / 2;
      const elsewhere = Math.min(noiseRatio(whole, seamSeconds), noiseRatio(joined, middle, filmSeconds - 2));
      expect(elsewhere).toBeGreaterThan(5);
      expect(noiseRatio(joined, seamSeconds)).toBeGreaterThan(elsewhere - 1);
    },
    60_000,
  );
});

describe('the arguments of a part of the audio', () => {
  const cadence = { packetSamples: 1024, offsetSamples: 0 };
  const media = film({
    durationSeconds: 1800,
    audio: [audioStream({ sampleRate: 32000, durationSeconds: 1800, cadence })],
  });
  const plan = makePlan(media, planRequest());
  const [, second] = plan.parts.filter((part) => part.kind === 'audio') as [AudioPart, AudioPart];
  const made = audioArguments(plan, second, 3600);

  it('read from some seconds before it', () => {
    // 300 frames are 6.4 s, before which the source is heard for half a second at least.
    expect(made.inputArgs).toEqual([
      ...['-vn', '-seek_timestamp', '1', '-ss', '591', '-noaccurate_seek'],
      ...['-copyts', '-itsoffset', '0.000001'],
    ]);
  });

  it('put each packet in its place at the rate of the source, and cut by the sample', () => {
    const [output] = readOutputs(made.outputArgs);
    expect(String(output?.options.filter_complex).split(';')).toEqual([
      '[0:0]aformat=sample_fmts=fltp:sample_rates=32000:channel_layouts=stereo,asettb=1/1000000,asetpts=PTS+592/TB[lead]',
      "[1:1]asetpts='if(eq(SR,32000),round((round((T*32000+if(eq(N,0),NB_SAMPLES,0)-0)/1024)*1024+0-if(eq(N,0),NB_SAMPLES,0))/(32000*TB)),PTS)',atrim=start=592.5," +
        'aresample=32000:rematrix_maxval=1,aformat=sample_fmts=fltp:sample_rates=32000:channel_layouts=stereo,' +
        'asettb=1/1000000[film]',
      '[lead][film]ainterleave,asettb=1/32000,aresample=32000:async=1:min_hard_comp=0.015,' +
        "aresample=48000,asetpts='if(lt(abs(STARTPTS-(28416000)),480),28416000,STARTPTS)+NB_CONSUMED_SAMPLES'," +
        'atrim=start_pts=28492800:end_pts=57603072,' +
        'asetpts=PTS-28800000[a0]',
    ]);
    expect(output?.options).toMatchObject({
      'bsf:a': "noise=drop='lt(n,301)+gte(n,28426)'",
      segment_start_number: '100',
      // Times of frames, from the part's first one.
      segment_times: expect.stringMatching(/^5.994667,11.989333,18.005333,.*,594.005333$/),
      segment_format_options: expect.stringContaining(':output_ts_offset=600'),
    });
  });
});

interface Encoded {
  files: string[];
  rate: number;
  channels: number;
  samples: Float32Array;
}

/** As a worker encodes them, and put behind each other as a player reads them. */
async function encode(plan: Plan, url: string, parts: readonly AudioPart[], name: string): Promise<Encoded> {
  const [rendition] = plan.audio;
  if (rendition === undefined) throw new Error('This film was to have sound.');
  const { sampleRate: rate, channels } = rendition;
  const cwd = join(folder.path, name);
  const made = join(cwd, rendition.name);
  await mkdir(made, { recursive: true });
  const inits = new Set<string>();
  for (const part of parts) {
    const run = { ...audioArguments(plan, part, 1e5), input: { url }, cwd, stallSeconds: 30 };
    await tools.ffmpeg({ ...run, moreInputs: [], onLine: [() => {}], signal });
    if (plan.segmentFormat === 'fmp4') inits.add(await readFile(join(made, 'init.mp4'), 'latin1'));
  }
  // One describes the segments of all parts.
  expect(inits.size).toBeLessThanOrEqual(1);
  const files = (await readdir(made)).filter((file) => file !== 'init.mp4').sort();
  const segments = await Promise.all(files.map((file) => readFile(join(made, file))));
  const path = join(cwd, 'joined');
  await writeFile(
    path,
    Buffer.concat([...inits].map((init) => Buffer.from(init, 'latin1')).concat(segments)),
  );
  return { files, rate, channels, samples: await decode(path, { rate, channels }) };
}

async function decode(path: string, { rate, channels }: Pick<Encoded, 'rate' | 'channels'>) {
  const streams = await ffmpeg(
    ...['-i', path, ...(path.endsWith('two-mono.mov') ? ['-filter_complex', '[0:a:0][0:a:1]amerge'] : [])],
    ...['-vn', '-ac', String(channels), '-ar', String(rate), '-f', 'f32le', '-'],
  );
  return new Float32Array(Uint8Array.from(streams).buffer);
}

/** By so many samples a film is later than its source as ffmpeg decodes it: rounded times, and what is left out at the start. */
function lagOf(made: Float32Array, original: Float32Array, channels: number): number {
  const from = 200_000 * channels;
  const likeness = (lag: number) => {
    let sum = 0;
    for (let n = from; n < from + 4000; n += 1) sum += (original[n] ?? 0) * (made[n + lag * channels] ?? 0);
    return sum;
  };
  const lags = Array.from({ length: 1000 }, (_, n) => n - 500);
  return lags.reduce((best, lag) => (likeness(lag) > likeness(best) ? lag : best), 0);
}

function signalToNoise(made: Float32Array, original: Float32Array, from: number, count: number): number {
  let [heard, noise] = [0, 0];
  for (let n = Math.round(from); n < from + count; n += 1) {
    heard += (original[n] ?? 0) ** 2;
    noise += ((original[n] ?? 0) - (made[n] ?? 0)) ** 2;
  }
  return 10 * Math.log10(heard / noise);
}
