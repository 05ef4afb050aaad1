import { describe, expect, it } from 'vitest';
import { useFarm } from '../helpers/local-farm/use-farm.ts';
import { pattern } from '../helpers/media/pattern.ts';
import { toNits, toSdr, toTenBits } from './hdr-reference.ts';
import { type Pixel, readCentres, readPictureColours } from './read-pixels.ts';

const farm = useFarm();
const patternSize: [number, number] = [320, 180];
const size: [number, number] = [640, 360];
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];

describe('colours come out as they went in, in 8 bits and 4:2:0', () => {
  it.each([
    ['10 bits', 'mp4', [...x264, '-pix_fmt', 'yuv420p10le']],
    ['4:2:2', 'mp4', [...x264, '-pix_fmt', 'yuv422p']],
    ['4:4:4', 'mp4', [...x264, '-pix_fmt', 'yuv444p']],
    ['ProRes, 4:2:2 in 10 bits', 'mov', ['-c:v', 'prores', '-profile:v', '0']],
    ['full range', 'mp4', ['-vf', 'scale=out_range=full', ...x264, '-pix_fmt', 'yuvj420p']],
  ])('from %s', async (name, format, codec) => {
    const clip = await farm.make(
      `${name.replace(/\W/g, '')}.${format}`,
      ...pattern({ seconds: 4 }),
      ...codec,
    );
    await farm.check(clip, { size: patternSize, frames: 100 });
  });

  it.each([
    ['PQ', 'smpte2084'],
    ['HLG', 'arib-std-b67'],
  ])('from HDR (%s), tone-mapped', async (name, transfer) => {
    const colours = `colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`;
    const clip = await farm.make(
      `${name}.mp4`,
      ...pattern({ seconds: 4 }),
      ...['-vf', 'scale=out_color_matrix=bt2020,format=yuv420p10le'],
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'],
      ...['-x265-params', `log-level=none:${colours}`],
    );
    const { film } = await farm.check(clip, { size: patternSize, frames: 100 });
    for (const { stream } of film.video) expect(stream.color_transfer).toBe('bt709');
  });
});

describe('fields become pictures', () => {
  // Bottom field first: what ffmpeg 5.1 says of every H.264 film that it makes.
  const bottomFirst = 'interlace=scan=bff:lowpass=off';

  it('each of its own, at its time', async () => {
    const clip = await farm.make(
      'interlaced.mp4',
      ...pattern({ rate: '50', seconds: 4, gray: true, filter: bottomFirst }),
      ...[...x264, '-pix_fmt', 'yuv420p', '-flags', '+ilme+ildct'],
    );
    await farm.check(clip, { size: patternSize, rate: [50, 1], frames: 200, numberOf: field });
    // One picture of each frame where the setting says so: the first field is what is kept.
    const frames = { environment: { DEINTERLACE: 'frames' } } as const;
    await farm.check(clip, { size: patternSize, frames: 100, numberOf: (n) => field(2 * n) }, frames);
  });

  it.each([
    ['avi', 720],
    ['dv', 768],
  ])('in DV, whose headers say nothing of fields (.%s)', async (format, width) => {
    const picture = { width: 720, height: 576, rate: '50', seconds: 3, gray: true };
    const clip = await farm.make(
      `pal.${format}`,
      ...pattern({ ...picture, filter: bottomFirst }),
      ...['-pix_fmt', 'yuv420p', '-c:v', 'dvvideo'],
    );
    await farm.check(clip, { size: [width, 576], rate: [50, 1], frames: 150, numberOf: field });
  });

  /** What the cells of field n show. */
  function field(n: number): number {
    return n ^ (n >> 1);
  }
});

describe('HDR becomes SDR as the standards have it', () => {
  /** Signals of red, green and blue; the first is white of 203 nits. */
  const patches = {
    pq: [
      [0.5807, 0.5807, 0.5807],
      [0.38, 0.38, 0.38],
      [0.75, 0.75, 0.75],
      [0.5, 0.4, 0.3],
      [0.3, 0.45, 0.5],
    ],
    hlg: [
      [0.75, 0.75, 0.75],
      [0.38, 0.38, 0.38],
      [0.9, 0.9, 0.9],
      [0.6, 0.5, 0.4],
      [0.5, 0.55, 0.6],
    ],
  } as const;
  // zimg bends the channels of HLG one by one where BT.2100 has their luminance: colours are a little stronger.
  const curves = { pq: { linearTo: 0.3, peak: 40 }, hlg: { linearTo: 0.3, peak: 10 } };

  it.each([
    ['pq', 'smpte2084', ''],
    [
      'pq',
      'smpte2084',
      ':master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50):max-cll=4000,400',
    ],
    ['hlg', 'arib-std-b67', ''],
  ] as const)('%s (%s%s)', async (kind, transfer, metadata) => {
    // Each colour stands for five frames.
    const signals = patches[kind].map(toTenBits);
    const plane = (channel: 0 | 1 | 2) =>
      signals.map((signal, n) => `between(N,${5 * n},${5 * n + 4})*${signal[channel]}`).join('+');
    const clip = await farm.make(
      `${kind}-${metadata.length}.mp4`,
      ...['-f', 'lavfi', '-i'],
      `nullsrc=s=64x64:r=25:d=1,format=yuv420p10le,geq=lum='${plane(0)}':cb='${plane(1)}':cr='${plane(2)}'`,
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params'],
      `log-level=none:crf=4:colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc${metadata}`,
    );
    const { film } = await farm.check(clip, { size: [64, 64], frames: 25, showsPattern: false });
    for (const [n, signal] of patches[kind].entries()) {
      const [found] = (await readCentres(film, 5 * n + 2)).values();
      expectClose(found, toSdr(toNits(signal, kind), curves[kind]), kind === 'pq' ? 3 : 6);
      if (n === 0) expect(Math.abs((found?.[0] ?? 0) - 217), `white is ${found}`).toBeLessThanOrEqual(3);
    }
  });
});

type Rgb = Record<'red' | 'green' | 'blue', number>;

/** One colour, in the middle of everything. */
const green: Rgb = { red: 32, green: 192, blue: 64 };
const plain = (colour: string, [width, height] = [1280, 720]) => [
  ...['-f', 'lavfi', '-i', `color=c=${colour}:s=${width}x${height}:r=25:d=2`],
];
const onePart = { frames: 50, showsPattern: false };

/** Y, Cb and Cr of a colour in limited range (ITU-R BT.709 or BT.601, by what red and blue weigh in the luma). */
function toYuv({ red, green, blue }: Rgb, { kr, kb }: { kr: number; kb: number }): Pixel {
  const [r, g, b] = [red / 255, green / 255, blue / 255];
  const luma = kr * r + (1 - kr - kb) * g + kb * b;
  return [16 + 219 * luma, 128 + (112 * (b - luma)) / (1 - kb), 128 + (112 * (r - luma)) / (1 - kr)];
}
const bt709 = { kr: 0.2126, kb: 0.0722 };
const bt601 = { kr: 0.299, kb: 0.114 };

function expectClose(found: Pixel | undefined, expected: Pixel, within: number) {
  for (const [n, value] of expected.entries())
    expect(Math.abs((found?.[n] ?? -1000) - value), `${found} is not ${expected}`).toBeLessThanOrEqual(
      within,
    );
}

describe('colours are those of the source', () => {
  it.each([
    ['8 bits', 'yuvj420p'],
    ['10 bits', 'yuv420p10le'],
  ])('white is 235 in every rendition of a film of full range (%s)', async (name, format) => {
    const full = ['-vf', `scale=out_range=full,format=${format}`, '-color_range', 'pc'];
    const clip = await farm.make(`white-${name}.mp4`, ...plain('white', size), ...full, ...x264);
    const { film } = await farm.check(clip, { ...onePart, size });
    for (const pixel of (await readCentres(film)).values()) expectClose(pixel, [235, 128, 128], 1);
    for (const { stream } of film.video) expect(stream.color_range).toBe('tv');
  });

  it('RGB in HD becomes BT.709, and its poster and storyboard show the same colour', async () => {
    const clip = await farm.make('rgb-hd.mov', ...plain('0x20C040'), '-c:v', 'qtrle', '-pix_fmt', 'rgb24');
    const { film, published } = await farm.check(clip, { ...onePart, size: [1280, 720] });
    for (const pixel of (await readCentres(film)).values()) expectClose(pixel, toYuv(green, bt709), 2);
    for (const { stream } of film.video)
      expect(stream).toMatchObject({
        color_space: 'bt709',
        color_primaries: 'bt709',
        color_transfer: 'bt709',
      });
    const { poster, tile } = await readPictureColours(published);
    expectClose(poster, [32, 192, 64], 5);
    expectClose(tile, [32, 192, 64], 5);
  });

  it('RGB in SD becomes BT.601', async () => {
    const codec = ['-c:v', 'libx264rgb', '-preset', 'ultrafast', '-pix_fmt', 'rgb24'];
    const clip = await farm.make('rgb-sd.mkv', ...plain('0x20C040', size), ...codec);
    const { film, published } = await farm.check(clip, { ...onePart, size });
    for (const pixel of (await readCentres(film)).values()) expectClose(pixel, toYuv(green, bt601), 2);
    for (const { stream } of film.video) expect(stream).toMatchObject({ color_space: 'smpte170m' });
    expectClose((await readPictureColours(published)).poster, [32, 192, 64], 5);
  });

  it.each([
    ['HD', [1280, 720], bt709, 'bt709'],
    ['SD', [640, 360], bt601, 'smpte170m'],
    ['SD of 576 lines', [720, 576], bt601, 'bt470bg'],
  ] as const)(
    'untagged %s is tagged by its height on every rendition, its pixels as they were',
    async (name, lines, weights, matrix) => {
      const stored = lines[1] === 720 ? 'bt709' : 'bt601';
      const clip = await farm.make(
        `untagged-${name.replaceAll(' ', '-')}.mp4`,
        ...plain('0x20C040', [...lines]),
        ...['-vf', `scale=out_color_matrix=${stored}`, ...x264, '-pix_fmt', 'yuv420p'],
        ...['-colorspace', 'unknown', '-bsf:v', 'h264_metadata=matrix_coefficients=2'],
      );
      const { film } = await farm.check(clip, { ...onePart, size: [...lines] });
      for (const pixel of (await readCentres(film)).values()) expectClose(pixel, toYuv(green, weights), 2);
      for (const { stream } of film.video) expect(stream.color_space).toBe(matrix);
    },
  );

  it('a tagged film keeps its tags: BT.601 in HD', async () => {
    const clip = await farm.make(
      'bt601-hd.mp4',
      ...plain('0x20C040'),
      ...['-vf', 'scale=out_color_matrix=bt601', ...x264, '-pix_fmt', 'yuv420p'],
      ...['-bsf:v', 'h264_metadata=matrix_coefficients=6:colour_primaries=6:transfer_characteristics=6'],
    );
    const { film, published } = await farm.check(clip, { ...onePart, size: [1280, 720] });
    for (const pixel of (await readCentres(film)).values()) expectClose(pixel, toYuv(green, bt601), 2);
    for (const { stream } of film.video) expect(stream.color_space).toBe('smpte170m');
    expectClose((await readPictureColours(published)).poster, [32, 192, 64], 5);
  });
});
