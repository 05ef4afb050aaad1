import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ladderNames, resolveLadder } from '../../../worker/src/plan/ladder.ts';
import { displaySize, sizeRungs } from '../../../worker/src/plan/sizes.ts';
import { videoStream } from '../../helpers/media/media.ts';

const standard = resolveLadder('standard', false);
const sizes = (width: number, height: number, ladder = standard) =>
  sizeRungs({ width, height }, ladder).map((rung) => `${rung.name} ${rung.width}x${rung.height}`);

describe('sizeRungs', () => {
  it.each([
    [
      'Full HD',
      1920,
      1080,
      '1080p 1920x1080',
      '720p 1280x720',
      '540p 960x540',
      '360p 640x360',
      '240p 426x240',
    ],
    [
      'portrait',
      1080,
      1920,
      '1080p 1080x1920',
      '720p 720x1280',
      '540p 540x960',
      '360p 360x640',
      '240p 240x426',
    ],
    ['square', 1080, 1080, '1080p 1080x1080', '720p 720x720', '540p 540x540', '360p 360x360', '240p 240x240'],
    ['cinema', 1920, 800, '1080p 1920x800', '720p 1280x534', '540p 960x400', '360p 640x266', '240p 426x178'],
    ['4:3', 1440, 1080, '1080p 1440x1080', '720p 960x720', '540p 720x540', '360p 480x360', '240p 320x240'],
    [
      'cropped Full HD',
      1912,
      1072,
      '1080p 1912x1072',
      '720p 1280x718',
      '540p 960x538',
      '360p 640x358',
      '240p 426x240',
    ],
    [
      '1600x900',
      1600,
      900,
      '1080p 1600x900',
      '720p 1280x720',
      '540p 960x540',
      '360p 640x360',
      '240p 426x240',
    ],
    ['848x480', 848, 480, '480p 848x480', '360p 636x360', '240p 424x240'],
    ['854x480', 854, 480, '480p 854x480', '360p 640x360', '240p 426x240'],
    [
      'Full HD in whole macroblocks',
      1920,
      1088,
      '1080p 1920x1088',
      '720p 1270x720',
      '540p 952x540',
      '360p 636x360',
      '240p 424x240',
    ],
    ['PAL', 1024, 576, '720p 1024x576', '360p 640x360', '240p 426x240'],
    [
      'a little over 1080p',
      1940,
      1092,
      '1440p 1940x1092',
      '720p 1280x720',
      '540p 960x540',
      '360p 640x360',
      '240p 426x240',
    ],
    ['small', 640, 360, '360p 640x360', '240p 426x240'],
    ['below every rung', 320, 180, '240p 320x180'],
    ['tiny', 64, 36, '240p 64x36'],
    ['odd', 321, 181, '240p 320x180'],
    ['odd and almost a rung', 427, 241, '240p 426x240'],
    ['a strip', 1920, 100, '1080p 1920x100', '720p 1280x66', '540p 960x50'],
  ])('scales a %s film', (_, width, height, ...expected) => {
    expect(sizes(width, height)).toEqual(expected);
  });

  it('has 2160p of an 8K film at the most', () => {
    expect(sizes(7680, 4320)[0]).toBe('2160p 3840x2160');
  });

  it('gives a film that is smaller than the whole ladder one rendition, named by the box that it fits', () => {
    expect(sizes(640, 360, resolveLadder('hd', false))).toEqual(['360p 640x360']);
    expect(sizes(848, 480, resolveLadder('hd', false))).toEqual(['480p 848x480']);
  });

  it('keeps to the rules of every ladder for every film', () => {
    const side = fc.integer({ min: 2, max: 8192 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.constantFrom(...ladderNames),
        fc.boolean(),
        (width, height, ladder, with480p) => {
          const rungs = sizeRungs({ width, height }, resolveLadder(ladder, with480p));
          expect(rungs.length).toBeGreaterThan(0);
          expect(new Set(rungs.map(({ name }) => name)).size).toBe(rungs.length);
          for (const [n, rung] of rungs.entries()) {
            expect(rung.width % 2).toBe(0);
            expect(rung.height % 2).toBe(0);
            expect(Math.min(rung.width, rung.height)).toBeGreaterThanOrEqual(2);
            // Never enlarged, but for a side of a film that is too thin for an even size.
            expect(rung.width).toBeLessThanOrEqual(Math.max(2, width));
            expect(rung.height).toBeLessThanOrEqual(Math.max(2, height));
            expect(Math.max(rung.width, rung.height)).toBeLessThanOrEqual(3840 * 1.01);
            // Each side is off by less than two pixels: one by rounding, and one more where rounding up would enlarge.
            const distortion = rung.width / rung.height / (width / height);
            if (Math.min(rung.width, rung.height) >= 16)
              expect(Math.abs(distortion - 1)).toBeLessThan(2.2 / rung.width + 2.2 / rung.height);
            const above = rungs[n - 1];
            if (above) expect(1.5 * rung.width * rung.height).toBeLessThanOrEqual(above.width * above.height);
            if (above) expect(rung.bitrate).toBeLessThan(above.bitrate);
          }
        },
      ),
    );
  });
});

describe('the largest rung', () => {
  it('is the size of the film itself wherever a box of the ladder holds it', () => {
    const side = fc.integer({ min: 50, max: 1080 });
    fc.assert(
      fc.property(side, side, (width, height) => {
        const [top] = sizeRungs({ width, height }, standard);
        expect(top).toMatchObject({ width: width - (width % 2), height: height - (height % 2) });
      }),
    );
  });

  it('has its share of the bits of the smallest box asked for that holds it', () => {
    const ladder = resolveLadder([{ rung: '1080p', bitrate: 4_000_000 }, { rung: '360p' }], false);
    const [top] = sizeRungs({ width: 1280, height: 720 }, ladder);
    // (720/1080)^1.5 of 4 Mb/s.
    expect(top).toMatchObject({ name: '720p', width: 1280, bitrate: 2_177_324 });
  });
});

describe('displaySize', () => {
  it.each([
    ['as stored', {}, 1920, 1080],
    ['a quarter turn', { rotation: 90 as const }, 1080, 1920],
    ['a half turn', { rotation: 180 as const }, 1920, 1080],
    ['pixels twice as wide', { width: 640, height: 360, pixelAspect: { num: 2, den: 1 } }, 1280, 360],
    ['anamorphic DVD', { width: 720, height: 576, pixelAspect: { num: 64, den: 45 } }, 1024, 576],
    ['HDV', { width: 1440, height: 1080, pixelAspect: { num: 4, den: 3 } }, 1920, 1080],
    [
      'wide pixels, turned',
      { width: 640, height: 360, pixelAspect: { num: 2, den: 1 }, rotation: 270 as const },
      360,
      1280,
    ],
  ])('is what a viewer sees: %s', (_, changes, width, height) => {
    expect(displaySize(videoStream(changes))).toEqual({ width, height });
  });
});
