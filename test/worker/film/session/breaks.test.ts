import { describe, expect, it } from 'vitest';
import { Breaks } from '../../../../worker/src/film/session/breaks.ts';

/** A film whose clock and higher lanes the test moves. */
function film() {
  const clock = { ms: 0 };
  const served: { at: number; end: () => void }[] = [];
  const stop = new AbortController();
  const serve = () =>
    new Promise<void>((resolve) => {
      served.push({ at: clock.ms, end: resolve });
    });
  const breaks = new Breaks(serve, stop.signal, () => clock.ms);
  return { breaks, clock, served, stop };
}

const settled = async (work: Promise<void>) => {
  let isOver = false;
  void work.then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return isOver;
};

describe('between two parts', () => {
  it('a film waits until the higher lanes have nothing more', async () => {
    const { breaks, clock, served } = film();
    await breaks.beforePart();
    clock.ms = 60_000;
    const next = breaks.beforePart();
    expect(await settled(next)).toBe(false);
    served[0]?.end();
    await next;
  });

  it('the higher lanes are asked before the current part ends', async () => {
    const { breaks, clock, served } = film();
    await breaks.beforePart();
    clock.ms = 30_000;
    breaks.progressed(0.5);
    expect(served).toEqual([]);
    clock.ms = 54_000;
    breaks.progressed(0.9);
    breaks.progressed(0.95);
    expect(served.map(({ at }) => at)).toEqual([54_000]);
    served[0]?.end();
    await new Promise((resolve) => setImmediate(resolve));
    clock.ms = 60_000;
    // Asked 6 seconds ago: not again.
    expect(await settled(breaks.beforePart())).toBe(true);
    expect(served).toHaveLength(1);
  });

  it('a film begins its first part at once, as it may hold that already', async () => {
    const { breaks, clock, served } = film();
    clock.ms = 60_000;
    expect(await settled(breaks.beforePart())).toBe(true);
    expect(served).toEqual([]);
  });

  it('a film of short parts asks every ten seconds', async () => {
    const { breaks, clock, served } = film();
    for (clock.ms = 0; clock.ms <= 30_000; clock.ms += 2000) {
      const next = breaks.beforePart();
      served.at(-1)?.end();
      await next;
    }
    expect(served.map(({ at }) => at)).toEqual([10_000, 20_000, 30_000]);
  });

  it('a film that is stopped pauses no longer', async () => {
    const { breaks, clock, stop } = film();
    await breaks.beforePart();
    clock.ms = 60_000;
    const next = breaks.beforePart();
    stop.abort();
    expect(await settled(next)).toBe(true);
  });
});
