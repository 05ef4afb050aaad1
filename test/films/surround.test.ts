import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAc3Frames } from '../../worker/src/probe/ac3-frames.ts';
import { tone, useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { pattern } from '../helpers/media/pattern.ts';
import type { ReadRendition } from '../helpers/media/read-film.ts';
import { listen } from '../helpers/media/sound.ts';

const farm = useFarm();
const rate = 48_000;
/** Parts of the audio are ten times as long: there is a joint at 20 s. */
const PART_SECONDS = '2';
const jointSeconds = 20;
const seconds = 32;

/** What each channel of the source says, so that each is known by its tone. */
const hertz = { FL: 300, FR: 400, FC: 500, LFE: 60, SL: 700, SR: 800 };
const channels = Object.values(hertz).map((each) => `0.3*sin(2*PI*${each}*t)*(1+gte(t,10.5))/2`);
const six = ['-f', 'lavfi', '-i', `aevalsrc='${channels.join('|')}':s=${rate}:d=${seconds}:c=5.1(side)`];

describe('surround sound', () => {
  it.each([
    ['fmp4', 'flac', 'mkv'],
    ['mpegts', 'ac3', 'mp4'],
  ] as const)(
    'is kept in AC-3, in step, each channel in its place, also over a joint of parts (%s from %s)',
    async (SEGMENT_FORMAT, codec, container) => {
      const clip = await farm.make(`six-${SEGMENT_FORMAT}.${container}`, ...six, '-c:a', codec);
      const expected = { audioSeconds: [seconds], hasSurround: true };
      const environment = { SEGMENT_FORMAT, PART_SECONDS };
      const { film, published } = await farm.check(clip, expected, { environment });
      expect(published.files.filter((file) => file.includes('/parts/')).length).toBe(2);
      const [surround] = film.surround;
      if (surround === undefined) throw new Error('This film was to have surround sound.');
      expect(surround.stream).toMatchObject({ channels: 6, bit_rate: '384000' });
      for (const [channel, expectedHertz] of Object.entries(hertz)) {
        const sound = await listen(surround, channel);
        expect(sound.hertz(1, 9), channel).toBeCloseTo(expectedHertz, -1);
        expect(sound.hertz(24, 30), channel).toBeCloseTo(expectedHertz, -1);
      }
      const samples = await decode(surround);
      const shift = shiftOf(samples, hertz.FL);
      expect(Math.abs(shift), 'samples from the source').toBeLessThan(0.005 * rate);
      const usual = roughness(samples, hertz.FL, 22, 28);
      expect(roughness(samples, hertz.FL, jointSeconds - 0.2, jointSeconds + 0.2)).toBeLessThan(2 * usual);
    },
  );

  it('that is AC-3 already stays so to the byte where its frames are whole, also over a joint of parts', async () => {
    const clip = await farm.make('whole.mp4', ...six, '-c:a', 'ac3', '-b:a', '640k');
    const expected = { audioSeconds: [seconds], hasSurround: true };
    const { film, published } = await farm.check(clip, expected, { environment: { PART_SECONDS } });
    expect(published.files.filter((file) => file.includes('/parts/')).length).toBe(2);
    await expectCopied(film.surround, clip);
  });

  it('that is damaged is encoded in the part that is, and copied in the others', async () => {
    const clip = await farm.make('damaged.mp4', ...six, '-c:a', 'ac3', '-b:a', '384k');
    const data = await readFile(clip);
    const bytes = 1536;
    const firstOfJoint = (jointSeconds * rate) / 1536;
    // In the second part.
    const at = data.indexOf('mdat') + 4 + bytes * 800;
    await writeFile(clip, data.fill(0, at, at + 2 * bytes));
    const expected = { audioSeconds: [seconds], hasSurround: true };
    const { film, published } = await farm.check(clip, expected, { environment: { PART_SECONDS } });
    expect(published.warnings).toContain(
      "The film's AC-3 is not whole from 20 s on, so that part of it was encoded and not copied.",
    );
    const [surround] = film.surround;
    if (surround === undefined) throw new Error('This film was to have surround sound.');
    const made = await framesOf(surround.joinedPath);
    expect(made.length).toBe(1000 * bytes);
    const copied = made.subarray(0, firstOfJoint * bytes);
    expect(copied.equals(data.subarray(at - 800 * bytes).subarray(0, copied.length))).toBe(true);
  });

  it.each([
    ['10 ms after the picture, in a QuickTime film', 'mov', 0.01, 0],
    ['30 ms before the picture', 'mp4', -0.03, 1],
  ] as const)('that is copied is in step: it begins %s', async (_, container, late, leftOut) => {
    const clip = await farm.make(
      `late.${container}`,
      ...['-itsoffset', String(Math.max(0, -late)), ...pattern({ width: 64, height: 36, seconds: 12 })],
      ...['-itsoffset', String(Math.max(0, late)), ...six],
      ...['-map', '0', '-map', '1', '-fps_mode', 'passthrough', ...x264, '-c:a', 'ac3', '-t', '13'],
    );
    const expected = { frames: 300, audioSeconds: [late < 0 ? 12.985 : 13], hasSurround: true };
    const { film } = await farm.check(clip, { size: [64, 36], ...expected });
    const surround = await expectCopied(film.surround, clip, leftOut);
    const shift = shiftOf(await decode(surround), hertz.FL) / rate;
    expect(Math.abs(shift - late), 'seconds from the source').toBeLessThan(0.02);
  });

  it.each([
    ['7.1', 'flac', { BL: 900, BR: 1000 }],
    ['7.1', 'pcm_s16le', { BL: 900, BR: 1000 }],
    ['6.1', 'pcm_s16le', { BC: 900 }],
  ] as const)(
    'of %s is 5.1 (%s): what is behind the listener is heard at the sides, and nothing clips',
    async (layout, codec, behind) => {
      const { SL, SR, ...front } = hertz;
      const tones = { ...front, ...behind, SL, SR };
      const each = Object.values(tones).map((tone) => `0.9*sin(2*PI*${tone}*t)`);
      const source = ['-f', 'lavfi', '-i', `aevalsrc='${each.join('|')}':s=${rate}:d=2:c=${layout}`];
      // Samples alone say nothing of their layout.
      const samples = ['-f', 's16le', '-ar', String(rate), '-ac', String(each.length)];
      const input =
        codec === 'pcm_s16le'
          ? [...samples, '-i', await farm.make(`${layout}.raw`, ...source, '-f', 's16le')]
          : source;
      const clip = await farm.make(`${layout}-${codec}.mkv`, ...input, '-c:a', codec);
      const { film } = await farm.check(clip, { audioSeconds: [2], hasSurround: true });
      const [surround] = film.surround;
      if (surround === undefined) throw new Error('This film was to have surround sound.');
      expect(surround.stream).toMatchObject({ channels: 6 });
      const { BL, BR, BC } = { BL: undefined, BR: undefined, BC: undefined, ...behind };
      const heardAt: Record<string, (number | undefined)[]> = { SL: [SL, BL, BC], SR: [SR, BR, BC] };
      for (const [channel, tone] of Object.entries(front)) heardAt[channel] = [tone];
      for (const [channel, heard] of Object.entries(heardAt)) {
        const sound = await listen(surround, channel);
        for (const [name, tone] of Object.entries(tones)) {
          const amplitude = sound.amplitude(tone, 0.5, 1.5);
          if (heard.includes(tone)) expect(amplitude, `${name} in ${channel}`).toBeGreaterThan(0.3);
          else expect(amplitude, `${name} in ${channel}`).toBeLessThan(0.02);
        }
        expect(sound.peak(0.5, 1.5), channel).toBeLessThan(1);
      }
    },
  );

  it('is a second group beside stereo, with all tracks of the film in both', async () => {
    const clip = await farm.make(
      'two.mkv',
      ...[...pattern({ seconds: 4 }), ...tone(4), ...tone(4, 880), '-filter_complex'],
      '[1]aformat=channel_layouts=7.1[a];[2]aformat=channel_layouts=stereo[b]',
      ...['-map', '0', '-map', '[a]', '-map', '[b]', ...x264, '-c:a', 'flac'],
      ...[
        '-metadata:s:a:0',
        'language=eng',
        '-metadata:s:a:1',
        'language=eng',
        '-disposition:a:1',
        'comment',
      ],
    );
    const { film, published } = await farm.check(clip, {
      size: [320, 180],
      frames: 100,
      audioSeconds: [4, 4],
      hasSurround: true,
    });
    expect(film.surround.map(({ name, stream }) => [name, stream.channels])).toEqual([
      ['ac3-0-en', 6],
      ['ac3-1-en', 2],
    ]);
    const text = await readFile(join(published.folder, 'index.m3u8'), 'utf8');
    const media = text.split('\n').filter((line) => line.startsWith('#EXT-X-MEDIA:TYPE=AUDIO'));
    expect(media.map((line) => /GROUP-ID="(\w+)".*CHANNELS="(\d)"/.exec(line)?.slice(1))).toEqual([
      ['audio', '2'],
      ['audio', '2'],
      ['surround', '6'],
      ['surround', '2'],
    ]);
    const variants = text.split('\n').filter((line) => line.startsWith('#EXT-X-STREAM-INF'));
    expect(variants[0]).toContain('mp4a.40.2');
    expect(variants.map((line) => /AUDIO="(\w+)"/.exec(line)?.[1])).toEqual(
      variants.map((_, n) => (n < variants.length / 2 ? 'audio' : 'surround')),
    );
    const manifest = await readFile(join(published.folder, 'manifest.mpd'), 'utf8');
    expect(manifest).toMatch(
      /<Representation id="ac3-0-en" codecs="ac-3"[\s\S]*?ChannelConfiguration" value="6"/,
    );
  });
});

/** Frame for frame as in the source, but for those before the film's start. */
async function expectCopied([surround]: readonly ReadRendition[], clip: string, leftOut = 0) {
  if (surround === undefined) throw new Error('This film was to have surround sound.');
  const [source, made] = await Promise.all([framesOf(clip), framesOf(surround.joinedPath)]);
  const frames = readAc3Frames(source);
  const bytes = frames.slice(0, leftOut).reduce((sum, frame) => sum + frame.bytes, 0);
  expect(made.equals(source.subarray(bytes)), `${made.length} of ${source.length} bytes`).toBe(true);
  return surround;
}

function framesOf(path: string): Promise<Buffer> {
  return ffmpeg('-i', path, '-map', '0:a', '-c', 'copy', '-f', 'ac3', '-');
}

/** Front left, as samples. */
async function decode({ joinedPath }: ReadRendition): Promise<Float32Array> {
  const bytes = await ffmpeg('-xerror', '-i', joinedPath, '-af', 'pan=mono|c0=FL', '-f', 'f32le', '-');
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** By how many samples a tone begins to be loud after 10.5 s. */
function shiftOf(samples: Float32Array, tone: number): number {
  const wave = rate / tone;
  const loudFrom = 10.5 * rate;
  const power = (from: number) =>
    samples.subarray(from, from + wave).reduce((sum, sample) => sum + sample * sample, 0) / wave;
  // Halfway between the powers of the two levels.
  const middle = (power(10 * rate) + power(11 * rate)) / 2;
  for (let at = Math.round(loudFrom - 2000); at < loudFrom + 2000; at += 1)
    if (power(at - Math.round(wave / 2)) > middle) return at - loudFrom;
  throw new Error('The tone does not become louder.');
}

/** By how much a sample at most differs from what the two before it say of a pure tone. */
function roughness(samples: Float32Array, tone: number, from: number, to: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * tone) / rate);
  let most = 0;
  for (let n = Math.round(from * rate); n < to * rate; n += 1)
    most = Math.max(
      most,
      Math.abs((samples[n] ?? 0) - factor * (samples[n - 1] ?? 0) + (samples[n - 2] ?? 0)),
    );
  return most;
}
