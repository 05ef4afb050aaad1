import { expect, it } from 'vitest';
import { Outset } from '../../../../worker/src/film/early/outset.ts';

const start = { firstSegment: 0 };
const later = { firstSegment: 10 };

/** An encoder's frames, as it reports them: seconds of the clock, and of the film. */
function outset(part: typeof start, reports: [clockSeconds: number, filmSeconds: number][]): Outset {
  const found = new Outset(6);
  found.begun(0);
  for (const [clockSeconds, filmSeconds] of reports) found.encoded(part, filmSeconds, clockSeconds * 1000);
  return found;
}

it('knows when the first segment will be there, from the second report on', () => {
  expect(outset(start, []).playableInSeconds(500)).toBeUndefined();
  expect(outset(start, [[1, 0.5]]).playableInSeconds(1000)).toBeUndefined();
  const two = outset(start, [
    [1, 0.5],
    [1.5, 1.5],
  ]);
  // 4.5 s of film are left, at twice the speed at which it plays.
  expect(two.playableInSeconds(1500)).toBe(2.3);
  expect(two.playableInSeconds(2500)).toBe(1.3);
  expect(two.playableInSeconds(6500)).toBe(0);
  // Something else takes its time.
  expect(two.playableInSeconds(7000)).toBeUndefined();
});

it('counts with the second segment where the film is only just made in time, and with none where it is not', () => {
  const at = (speed: number) =>
    outset(start, [
      [1, 1],
      [2, 1 + speed],
    ]).playableInSeconds(2000);
  expect(at(1.12)).toBe(8.8);
  expect(at(1.2)).toBe(3.2);
  expect(at(1.05)).toBeUndefined();
});

it('knows nothing of the start where this worker makes another part', () => {
  const reports: [number, number][] = [
    [1, 1],
    [2, 3],
  ];
  expect(outset(later, reports).playableInSeconds(2000)).toBeUndefined();
});

it('measures the speed again where the encoder began again', () => {
  const again = outset(start, [
    [1, 1],
    [2, 3],
    [4, 0.5],
  ]);
  expect(again.playableInSeconds(4000)).toBeUndefined();
  again.encoded(start, 2.5, 5000);
  expect(again.playableInSeconds(5000)).toBe(1.8);
});
