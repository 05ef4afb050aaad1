import { expect, it } from 'vitest';
import { workOfParts } from '../../../tools/simulation/film.ts';
import { quantile } from '../../../tools/simulation/measure.ts';
import { fromZeroPlot } from '../../../tools/simulation/plots.ts';
import { workerSpeed } from '../../../tools/simulation/speed.ts';
import { readStack } from '../../../tools/simulation/stack.ts';
import { ticks } from '../../../tools/simulation/svg.ts';
import { duration, table } from '../../../tools/simulation/table.ts';

it('takes the smallest value that a share of all does not exceed', () => {
  expect(quantile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  expect(quantile([1, 2, 3, 4], 0.95)).toBe(4);
  expect(quantile([], 0.5)).toBeNaN();
});

it('cuts a film into parts as the worker does, and none is lost', () => {
  expect(workOfParts(7200, 5)).toHaveLength(24);
  expect(workOfParts(400, 1)).toEqual([400_000]);
  expect(workOfParts(500, 1)).toEqual([300_000, 200_000]);
  expect(workOfParts(7200, 2, Number.POSITIVE_INFINITY)).toEqual([3_600_000]);
});

it('reads a stack file through the program', async () => {
  const stack = await readStack('stacks/match-footage.yaml');
  expect(stack.gpu).toMatchObject({
    group: { maxSize: 3, onDemandBase: 1, spotAbove: true, protectFromScaleIn: true },
    managedScaling: { minimumStep: 1, maximumStep: 1, warmupMs: 180_000 },
    instanceTypes: ['g4dn.xlarge'],
  });
  expect(stack.tracking).toMatchObject({ target: 1, minCapacity: 0, maxCapacity: 3, inCooldownMs: 300_000 });
  expect(stack.traits).toMatchObject({ visibilityMs: 120_000, workersPerFilm: 3 });
  expect(stack.retentionMs).toBe(4 * 24 * 3600 * 1000);
  expect(stack.waker.queueUrls.map((url) => url.split('/').at(-1))).toEqual(Object.values(stack.queueNames));
  expect(stack.gpu?.group.warm).toBe(0);
  expect((await readStack(stack.file, { warmInstances: '1' })).gpu?.group.warm).toBe(1);
  expect((await readStack('stacks/inbox.yaml')).gpu).toBeUndefined();
});

it("takes half of the chip's limit, as costs do, or all of it", async () => {
  const speed = workerSpeed(await readStack('stacks/match-footage.yaml'), 30);
  expect(speed.limit).toBeCloseTo(4.74, 2);
  expect(speed.expected).toBeCloseTo(speed.limit / 2, 6);
});

it('sets columns under each other, and durations as one reads them', () => {
  expect(
    table([
      ['a', 'long head'],
      ['much longer', '1'],
    ]),
  ).toEqual(['a            long head', 'much longer          1']);
  expect([7, 299, 644, 20_000].map(duration)).toEqual(['7 s', '299 s', '10.7 min', '5.6 h']);
});

it('marks an axis with few round numbers', () => {
  expect(ticks(242)).toEqual([0, 50, 100, 150, 200]);
  expect(ticks(3, 4)).toEqual([0, 1, 2, 3]);
});

it('draws a bar as long as its phase, and writes no mark-up of names', () => {
  const phases = { order: 10, boot: 90, start: 10, plan: 10 };
  const svg = fromZeroPlot([{ name: 'a < b & c', phases, p95Seconds: 130 }]);
  expect(svg).toContain('a &lt; b &amp; c');
  const widths = [...svg.matchAll(/<rect[^>]*width="([\d.]+)" height="20"/g)].map(([, width]) =>
    Number(width),
  );
  expect(widths).toHaveLength(4);
  expect((widths[1] ?? 0) / (widths[0] ?? 1)).toBeCloseTo(9, 1);
});
