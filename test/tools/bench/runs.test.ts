import { expect, it } from 'vitest';
import { goalsOfRuns, spreadOf } from '../../../tools/bench/lib/runs.ts';

it('takes the middle of three runs, and names the lowest and the highest', () => {
  expect(spreadOf([0.81, 0.77, 0.79])).toEqual({ lowest: 0.77, middle: 0.79, highest: 0.81 });
});

it('takes one run as it is, and the lower of two in the middle', () => {
  expect(spreadOf([2])).toEqual({ lowest: 2, middle: 2, highest: 2 });
  expect(spreadOf([4, 1, 3, 2]).middle).toBe(2);
  expect(() => spreadOf([])).toThrow('no run');
});

it('holds the middle run of each goal against it', () => {
  const runs = [1.2, 1, 1.1].map((ratio) => ({
    ratio,
    goals: [{ what: 'seconds', value: 10 * ratio, goal: 11 }],
  }));
  expect(goalsOfRuns('parts', 1.03, runs)).toEqual([
    { what: 'parts ratio', value: 1.1, goal: 1.03, spread: { lowest: 1, middle: 1.1, highest: 1.2 } },
    { what: 'seconds', value: 11, goal: 11, spread: { lowest: 10, middle: 11, highest: 12 } },
  ]);
});
