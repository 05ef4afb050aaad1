import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../../../tools/simulation/random.ts';
import { Timeline } from '../../../tools/simulation/timeline.ts';

it('lets events happen in the order of their times, and those of one time as they were planned', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20)), async (times) => {
      const timeline = new Timeline();
      const seen: [number, number][] = [];
      for (const [index, atMs] of times.entries())
        timeline.at(atMs, () => void seen.push([timeline.nowMs, index]));
      await timeline.run();
      const expected = times.map((atMs, index) => [atMs, index]).sort(([a = 0], [b = 0]) => a - b);
      expect(seen).toEqual(expected);
    }),
  );
});

it('waits for an event that takes a while before the next one happens', async () => {
  const timeline = new Timeline();
  const seen: string[] = [];
  timeline.at(1, async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push('first');
  });
  timeline.at(2, () => void seen.push('second'));
  await timeline.run();
  expect(seen).toEqual(['first', 'second']);
});

it('repeats until it is stopped or the time is over', async () => {
  const timeline = new Timeline();
  const seen: number[] = [];
  timeline.every(10, () => void seen.push(timeline.nowMs), 5);
  await timeline.run(30);
  expect(seen).toEqual([5, 15, 25]);
  expect(timeline.nowMs).toBe(30);
  timeline.after(7, () => timeline.stop());
  await timeline.run();
  expect(seen).toEqual([5, 15, 25, 35]);
});

it('refuses an event in the past', async () => {
  const timeline = new Timeline();
  await timeline.run(10);
  expect(() => timeline.at(9, () => undefined)).toThrow('an event at 9 ms, but it is 10 ms already');
});

it('draws the same from the same seed, within the range', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 200 }, () => random.within({ minMs: 80, maxMs: 120 }));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(Math.min(...draw(3))).toBeGreaterThanOrEqual(80);
  expect(Math.max(...draw(3))).toBeLessThan(120);
  const mean = draw(4).reduce((sum, value) => sum + value, 0) / 200;
  expect(mean).toBeGreaterThan(95);
  expect(mean).toBeLessThan(105);
});
