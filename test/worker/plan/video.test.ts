import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveLadder } from '../../../worker/src/plan/ladder.ts';
import { sizeRungs } from '../../../worker/src/plan/sizes.ts';
import { choosePath, planRenditions, prepareFilters } from '../../../worker/src/plan/video.ts';
import type { VideoStream } from '../../../worker/src/probe/media.ts';
import { readMedia, videoStream } from '../../helpers/media/media.ts';

const nvenc = { name: 'nvenc', preset: 'p5' } as const;
const x264 = { name: 'x264', preset: 'veryfast' } as const;

const decodedOnGpu: [what: string, video: Partial<VideoStream>][] = [
  ['H.264', {}],
  ['HEVC', { codec: 'hevc' }],
  ['HEVC in 10 bits', { codec: 'hevc', pixelFormat: 'yuv420p10le', bitDepth: 10 }],
  ['HEVC in 8K', { codec: 'hevc', width: 7680, height: 4320 }],
  ['VP9', { codec: 'vp9' }],
  ['VP9 in 10 bits', { codec: 'vp9', pixelFormat: 'yuv420p10le', bitDepth: 10 }],
  ['AV1', { codec: 'av1' }],
  ['MPEG-2', { codec: 'mpeg2video' }],
  ['pixels that are not square', { pixelAspect: { num: 4, den: 3 } }],
  ['a variable frame rate', { variableFrameRate: true }],
  ['fields', { interlaced: true }],
  ['full range', { pixelFormat: 'yuvj420p', colorRange: 'pc' }],
  ['full range that only the tag has', { codec: 'vp9', colorRange: 'pc' }],
];

const uploaded: [what: string, video: Partial<VideoStream>][] = [
  ['H.264 in 10 bits', { pixelFormat: 'yuv420p10le', bitDepth: 10 }],
  ['4:2:2', { pixelFormat: 'yuv422p' }],
  ['4:4:4', { codec: 'hevc', pixelFormat: 'yuv444p' }],
  ['full range in 10 bits', { codec: 'vp9', pixelFormat: 'yuv420p10le', bitDepth: 10, colorRange: 'pc' }],
  ['H.264 larger than 4096', { width: 7680, height: 4320 }],
  ['HEVC smaller than 144', { codec: 'hevc', width: 256, height: 128 }],
  ['ProRes', { codec: 'prores', pixelFormat: 'yuv422p10le' }],
  ['a turned picture', { rotation: 180 }],
  ['HDR', { codec: 'hevc', pixelFormat: 'yuv420p10le', hdr: 'hlg' }],
  ['an odd size', { width: 1919 }],
];

describe('choosePath', () => {
  it.each(decodedOnGpu)('keeps %s on the GPU', (_, changes) => {
    expect(choosePath(videoStream(changes), nvenc)).toBe('gpu');
  });

  it.each(uploaded)('decodes %s on the CPU and uploads it', (_, changes) => {
    expect(choosePath(videoStream(changes), nvenc)).toBe('upload');
  });

  it.each(decodedOnGpu)('uploads %s too where the GPU was tried on the film and refused it', (_, changes) => {
    expect(choosePath(videoStream(changes), nvenc, { gpuDecodes: false })).toBe('upload');
  });

  it.each([...decodedOnGpu, ...uploaded])('does all on the CPU with x264: %s', (_, changes) => {
    expect(choosePath(videoStream(changes), x264)).toBe('cpu');
  });
});

describe('prepareFilters', () => {
  it('does nothing to a plain film', () => {
    expect(prepareFilters(videoStream(), 'cpu', 'fields')).toEqual([]);
  });

  it('leaves depth, chroma, turns and pixel shape to the ladder', () => {
    const video = videoStream({ pixelFormat: 'yuv422p10le', rotation: 90, pixelAspect: { num: 4, den: 3 } });
    expect(prepareFilters(video, 'cpu', 'fields')).toEqual([]);
  });

  it('joins fields to frames, or makes a frame of each', () => {
    expect(prepareFilters(videoStream({ interlaced: true }), 'cpu', 'frames')).toEqual([
      'scale=1920:1080',
      'bwdif=mode=send_frame',
    ]);
    expect(prepareFilters(videoStream({ interlaced: true }), 'cpu', 'fields')).toContain(
      'bwdif=mode=send_field',
    );
  });

  it('does both in video memory where the GPU decodes', () => {
    const video = videoStream({ interlaced: true, colorRange: 'pc' });
    expect(prepareFilters(video, 'gpu', 'fields')).toEqual([
      'bwdif_cuda=mode=send_field',
      'colorspace_cuda=range=tv',
    ]);
    expect(prepareFilters(video, 'gpu', 'frames')[0]).toBe('bwdif_cuda=mode=send_frame');
    expect(prepareFilters(videoStream(), 'gpu', 'fields')).toEqual([]);
  });

  it('makes HDR to SDR, with the colours said where the file leaves them out', () => {
    const video = videoStream({ hdr: 'pq', colorTransfer: 'smpte2084', pixelFormat: 'yuv420p10le' });
    expect(prepareFilters(video, 'upload', 'fields')).toEqual([
      'scale=1920:1080',
      'setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv',
      'zscale=t=linear:npl=100',
      'format=gbrpf32le',
      'zscale=p=bt709',
      'tonemap=tonemap=mobius:param=0.3:peak=40:desat=0',
      'zscale=t=bt709:r=pc',
      'format=gbrp10le',
      'zscale=m=bt709:r=tv',
      'format=yuv420p',
    ]);
  });

  it('joins fields before anything else', () => {
    const filters = prepareFilters(
      videoStream({ interlaced: true, hdr: 'hlg', width: 1919 }),
      'cpu',
      'fields',
    );
    expect(filters[0]).toBe('scale=1919:1080');
    expect(filters[1]).toBe('bwdif=mode=send_field');
    expect(filters[2]).toBe('crop=trunc(iw/2)*2:trunc(ih/2)*2');
    expect(filters[3]).toContain('color_trc=arib-std-b67');
  });

  it('cuts an odd size only where a filter or an upload needs it', () => {
    expect(prepareFilters(videoStream({ width: 1919 }), 'cpu', 'fields')).toEqual([]);
    expect(prepareFilters(videoStream({ height: 1079 }), 'upload', 'fields')).toEqual([
      'scale=1920:1079',
      'crop=trunc(iw/2)*2:trunc(ih/2)*2',
    ]);
  });

  it('never lets text from a film into a filter', () => {
    const word = fc.string();
    fc.assert(
      fc.property(word, word, word, word, (colorPrimaries, colorSpace, colorRange, pixelFormat) => {
        const video = videoStream({ hdr: 'pq', colorPrimaries, colorSpace, colorRange, pixelFormat });
        const [, known] = prepareFilters(videoStream({ hdr: 'pq' }), 'cpu', 'fields');
        const [, said] = prepareFilters(video, 'cpu', 'fields');
        const usual = ['bt2020c', 'smpte432', 'pc'];
        if (![colorPrimaries, colorSpace, colorRange].some((text) => usual.includes(text)))
          expect(said).toBe(known);
      }),
    );
  });
});

const encoder = { name: 'x264', preset: 'veryfast' } as const;

describe('planRenditions', () => {
  const rungs = sizeRungs({ width: 1920, height: 1080 }, resolveLadder('standard', true));
  const bitrates = (num: number, den = 1) =>
    planRenditions(rungs, { frameRate: { num, den } }, { encoder }).map(({ name, bitrate }) => [
      name,
      bitrate,
    ]);

  it('has the bitrates of the table at up to 30 frames per second', () => {
    const table = [
      ['1080p', 6_000_000],
      ['720p', 3_000_000],
      ['480p', 1_450_000],
      ['360p', 950_000],
      ['240p', 450_000],
    ];
    // 480p and 240p are a hair smaller than 16:9.
    for (const rate of [24, 25, 30]) expectClose(bitrates(rate), table);
    expectClose(bitrates(30000, 1001), table);
  });

  it('has half as much again above 30', () => {
    expect(bitrates(50)[0]).toEqual(['1080p', 9_000_000]);
    expect(bitrates(60000, 1001)[1]).toEqual(['720p', 4_500_000]);
  });

  it('has less for shapes with fewer pixels', () => {
    const cinema = sizeRungs({ width: 1920, height: 800 }, resolveLadder('standard', false));
    const [first] = planRenditions(cinema, { frameRate: { num: 24, den: 1 } }, { encoder });
    expect(first).toMatchObject({
      name: '1080p',
      bitrate: 4_791_000,
      bufferSize: 14_373_000,
    });
  });

  it('descends in bitrate for every film', () => {
    const side = fc.integer({ min: 16, max: 8192 });
    const rate = fc.constantFrom({ num: 24, den: 1 }, { num: 60, den: 1 });
    fc.assert(
      fc.property(side, side, rate, (width, height, frameRate) => {
        const sized = sizeRungs({ width, height }, resolveLadder('standard', true));
        const found = planRenditions(sized, { frameRate }, { encoder }).map(({ bitrate }) => bitrate);
        for (const [n, bitrate] of found.slice(1).entries())
          expect(bitrate).toBeLessThanOrEqual(found[n] ?? 0);
      }),
    );
  });
});

function expectClose(found: (string | number)[][], table: (string | number)[][]) {
  expect(found.map(([name]) => name)).toEqual(table.map(([name]) => name));
  for (const [n, [, bitrate]] of found.entries())
    expect(Number(bitrate) / Number(table[n]?.[1])).toBeCloseTo(1, 2);
}

describe('the clips of every kind', () => {
  it.each([
    ['plain.mp4', 'gpu', 0],
    ['turned-90.mp4', 'upload', 0],
    ['anamorphic.mp4', 'gpu', 0],
    ['ten-bit.mp4', 'upload', 0],
    ['422.mp4', 'upload', 0],
    ['hdr-smpte2084.mp4', 'upload', 10],
    ['hdr-arib-std-b67.mp4', 'upload', 10],
    ['interlaced.mp4', 'gpu', 1],
    ['odd-size.mp4', 'upload', 2],
    ['variable-rate.mp4', 'gpu', 0],
  ] as const)('sends %s along the path "%s" with %d filters', (clip, path, filters) => {
    const { video = videoStream() } = readMedia(clip);
    expect(choosePath(video, nvenc)).toBe(path);
    expect(prepareFilters(video, path, 'fields')).toHaveLength(filters);
  });
});
