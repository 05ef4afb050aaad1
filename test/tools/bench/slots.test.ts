import { expect, it } from 'vitest';
import { Slots, settled } from '../../../tools/bench/lib/slots.ts';

it('runs as many works at once as it has slots, in the order in which they came', async () => {
  const slots = new Slots(2);
  const begun: number[] = [];
  const ends = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
  const works = ends.map(({ promise }, n) =>
    slots.run(async () => {
      begun.push(n);
      await promise;
      return n;
    }),
  );
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1]);
  ends[1]?.resolve();
  await works[1];
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  expect(await Promise.all(works)).toEqual([0, 1, 2, 3]);
  expect(begun).toEqual([0, 1, 2, 3]);
});

it('begins nothing after a failure', async () => {
  const slots = new Slots(1);
  const begun: string[] = [];
  const failing = slots.run(() => Promise.reject(new Error('no space')));
  const waiting = slots.run(async () => void begun.push('waiting'));
  await expect(failing).rejects.toThrow('no space');
  await expect(waiting).rejects.toThrow('no space');
  await expect(slots.run(async () => void begun.push('later'))).rejects.toThrow('no space');
  expect(begun).toEqual([]);
});

it('throws the first error when all works have ended', async () => {
  const slow = Promise.withResolvers<void>();
  let hasEnded = false;
  const all = settled([
    Promise.reject(new Error('no space')),
    slow.promise.then(() => {
      hasEnded = true;
    }),
  ]);
  all.catch(() => {});
  await new Promise(setImmediate);
  slow.resolve();
  await expect(all).rejects.toThrow('no space');
  expect(hasEnded).toBe(true);
});
