import { describe, expect, it } from 'vitest';
import { ladderNames, ladderSchema, resolveLadder } from '../../../worker/src/plan/ladder.ts';

const names = (...asked: Parameters<typeof resolveLadder>) => resolveLadder(...asked).map(({ name }) => name);

describe('resolveLadder', () => {
  it('has every rung but 480p in the standard ladder', () => {
    expect(names('standard', false)).toEqual(['2160p', '1440p', '1080p', '720p', '540p', '360p', '240p']);
  });

  it('has 480p in the place of 540p in a named ladder when asked for', () => {
    expect(names('standard', true)).toEqual(['2160p', '1440p', '1080p', '720p', '480p', '360p', '240p']);
    expect(names('mobile', true)).toEqual(['720p', '480p', '360p', '240p']);
    expect(names('hd', true)).toEqual(['1080p', '720p', '480p']);
    expect(names('hd', false)).toEqual(['1080p', '720p', '540p']);
  });

  it('takes a spelled-out ladder as it is, the largest rung first', () => {
    const ladder = [{ rung: '360p' as const }, { rung: '1080p' as const, bitrate: 5_000_000 }];
    expect(resolveLadder(ladder, true)).toEqual([
      { name: '1080p', shortSide: 1080, bitrate: 5_000_000 },
      { name: '360p', shortSide: 360, bitrate: 950_000 },
    ]);
  });

  it.each(ladderNames)(
    'has steps of 1.5 to 2.2 in bitrate in the ladder "%s", with 480p and without',
    (name) => {
      for (const include480p of [false, true]) {
        const rates = resolveLadder(name, include480p).map(({ bitrate }) => bitrate);
        for (const [n, rate] of rates.slice(1).entries()) {
          const step = (rates[n] ?? 0) / rate;
          expect(step).toBeGreaterThanOrEqual(1.5);
          expect(step).toBeLessThanOrEqual(2.2);
        }
      }
    },
  );
});

describe('ladderSchema', () => {
  it.each([
    ['an unknown name', 'huge'],
    ['a rung twice', [{ rung: '720p' }, { rung: '720p' }]],
    [
      'a smaller rung with more bits',
      [
        { rung: '720p', bitrate: 1_000_000 },
        { rung: '540p', bitrate: 2_000_000 },
      ],
    ],
    ['less bits than the next rung has by itself', [{ rung: '720p', bitrate: 1_000_000 }, { rung: '540p' }]],
    ['no rung', []],
    ['a field that does not exist', [{ rung: '720p', width: 1280 }]],
    ['a bitrate of nothing', [{ rung: '720p', bitrate: 0 }]],
  ])('refuses %s', (_, ladder) => {
    expect(ladderSchema.safeParse(ladder).success).toBe(false);
  });

  it('accepts names and spelled-out ladders in any order', () => {
    expect(ladderSchema.safeParse('mobile').success).toBe(true);
    expect(ladderSchema.safeParse([{ rung: '360p' }, { rung: '720p', bitrate: 2_500_000 }]).success).toBe(
      true,
    );
  });
});
