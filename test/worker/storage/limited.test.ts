import { expect, it } from 'vitest';
import { eachLimited, mapLimited } from '../../../worker/src/storage/limited.ts';

it('asks a source for the next item only when there is room for it', async () => {
  const asked: number[] = [];
  const ends = new Map<number, () => void>();
  async function* items() {
    for (let n = 0; n < 5; n++) {
      asked.push(n);
      yield n;
    }
  }
  const work = eachLimited(items(), 2, (n) => new Promise((resolve) => ends.set(n, resolve)));
  await expect.poll(() => ends.size).toBe(2);
  expect(asked).toEqual([0, 1]);
  ends.get(1)?.();
  await expect.poll(() => ends.size).toBe(3);
  expect(asked).toEqual([0, 1, 2]);
  for (let n = 0; n < 5; n++) {
    await expect.poll(() => ends.has(n)).toBe(true);
    ends.get(n)?.();
  }
  await work;
});

it('starts nothing after an error, and throws it when what is under way has ended', async () => {
  const begun: number[] = [];
  let slowEnded = false;
  const work = eachLimited([0, 1, 2, 3], 2, async (n) => {
    begun.push(n);
    if (n === 0) throw new Error('part 0 failed');
    await new Promise((resolve) => setTimeout(resolve, 20));
    slowEnded = true;
  });
  await expect(work).rejects.toThrow('part 0 failed');
  expect(slowEnded).toBe(true);
  expect(begun).toEqual([0, 1]);
});

it('throws what the source itself throws', async () => {
  async function* breaks() {
    yield 0;
    throw new Error('ffmpeg ended with exit code 1');
  }
  await expect(eachLimited(breaks(), 3, async () => {})).rejects.toThrow('exit code 1');
});

it('gives results in the order of the items', async () => {
  const results = await mapLimited([3, 1, 2], 3, async (n, index) => {
    await new Promise((resolve) => setTimeout(resolve, n * 5));
    return `${index}: ${n}`;
  });
  expect(results).toEqual(['0: 3', '1: 1', '2: 2']);
});
