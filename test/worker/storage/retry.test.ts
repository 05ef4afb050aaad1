import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delaySeconds, retrying } from '../../../worker/src/storage/retry.ts';

describe('delaySeconds', () => {
  it('doubles up to a limit, less a random part of at most one half', () => {
    const longest = Array.from({ length: 8 }, (_, failures) => delaySeconds(failures, {}, () => 1));
    expect(longest).toEqual([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8, 8]);
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
        const delay = delaySeconds(failures, {}, () => random);
        const full = delaySeconds(failures, {}, () => 1);
        expect(delay).toBeGreaterThanOrEqual(full / 2);
        expect(delay).toBeLessThan(full);
      }),
    );
  });
});

describe('retrying', () => {
  it('throws the last error when the time is over', async () => {
    let tries = 0;
    const attempt = async () => {
      throw new Error(`try ${++tries}`);
    };
    const options = { passes: () => true, forSeconds: 0.3, firstDelaySeconds: 0.05 };
    const failing = retrying(attempt, options);
    await expect(failing).rejects.toThrow(/^try [3-9]$/);
    await expect(failing).rejects.toThrow(`try ${tries}`);
  });

  it('counts a night that the machine slept through as one try', async () => {
    let minutes = 0;
    let tries = 0;
    const attempt = async () => {
      tries++;
      // Asleep for eight hours in the first try; the clock went on.
      minutes += tries === 1 ? 8 * 60 : 0.1;
      if (tries < 5) throw new Error('the connection broke');
      return 'done';
    };
    const options = {
      passes: () => true,
      forSeconds: 600,
      firstDelaySeconds: 0.01,
      now: () => minutes * 60_000,
    };
    expect(await retrying(attempt, { ...options, maxRoundSeconds: 60 })).toBe('done');
    expect(tries).toBe(5);
  });

  it('tries once what can’t pass', async () => {
    let tries = 0;
    const attempt = async () => {
      tries++;
      throw new Error('no');
    };
    await expect(retrying(attempt, { passes: () => false, forSeconds: 10 })).rejects.toThrow('no');
    expect(tries).toBe(1);
  });

  it('does not begin when it was asked to stop before', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    const attempt = () => Promise.reject(new Error('must not run'));
    await expect(retrying(attempt, { passes: () => true, forSeconds: 1, signal })).rejects.toThrow('stop');
  });
});
