import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RecentReads } from '../../portal/src/farm/recent-reads.ts';

let recent: RecentReads;
let asked: number;
const ask = async () => {
  asked += 1;
  return asked;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  recent = new RecentReads();
  asked = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

it('reads once for all who ask within half a second', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => recent.read('job a', ask)));
  expect(answers).toEqual([1, 1, 1]);
  expect(await recent.read('job b', ask)).toBe(2);
  vi.advanceTimersByTime(501);
  expect(await recent.read('job a', ask)).toBe(3);
});

it('reads again sooner where the caller needs a newer answer', async () => {
  await recent.read('job a', ask, 200);
  vi.advanceTimersByTime(199);
  expect(await recent.read('job a', ask, 200)).toBe(1);
  vi.advanceTimersByTime(2);
  expect(await recent.read('job a', ask, 200)).toBe(2);
});

it('reads again after an action', async () => {
  await recent.read('job a', ask);
  recent.forget();
  expect(await recent.read('job a', ask)).toBe(2);
});

it('keeps no failure', async () => {
  await expect(recent.read('job a', () => Promise.reject(new Error('no storage')))).rejects.toThrow();
  expect(await recent.read('job a', ask)).toBe(1);
});
