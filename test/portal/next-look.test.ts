import { expect, it } from 'vitest';
import { NextLook } from '../../portal/page/film/next-look.js';

const running = (playableInSeconds?: number) => ({ state: 'running', progress: { playableInSeconds } });

/** When a page looks at the job, in ms from the first look on, until the end. */
function looks(jobAt: (ms: number) => object, endMs: number, isPlaying = false): number[] {
  const next = new NextLook();
  const times: number[] = [];
  for (let ms = 0; ms < endMs; ) {
    times.push(ms);
    ms += next.after(jobAt(ms), { isPlaying, nowMs: 5000 + ms });
  }
  return times;
}

it('looks once a second at a job that waits, is tried again, or is played', () => {
  for (const state of ['queued', 'retrying']) expect(looks(() => ({ state }), 3000)).toEqual([0, 1000, 2000]);
  expect(looks(() => running(), 3000, true)).toEqual([0, 1000, 2000]);
});

it('looks four times a second at one that has just begun, for half a minute', () => {
  const times = looks(() => running(), 33_000);
  expect(times.filter((ms) => ms < 30_000)).toHaveLength(120);
  expect(times.filter((ms) => ms >= 30_000)).toEqual([30_000, 31_000, 32_000]);
});

it('looks ten times a second when the film can be played at any moment, and seldom before', () => {
  // As the portal says it: what is left of 4 s.
  const left = (ms: number) => Math.max(0, Math.round(40 - ms / 100) / 10);
  const times = looks((ms) => (ms < 1000 ? running() : running(left(ms))), 4500);
  expect(times).toEqual([0, 250, 500, 750, 1000, 2000, 3000, 3800, 3900, 4000, 4100, 4200, 4300, 4400]);
});

it('looks less often again when the film is late, until more is known', () => {
  const times = looks((ms) => running(ms < 3000 ? 0 : ms < 4000 ? 2 : 0), 4200);
  expect(times.filter((ms) => ms < 2000)).toHaveLength(20);
  expect(times.filter((ms) => ms >= 2000)).toEqual([2000, 2250, 2500, 2750, 3000, 4000, 4100]);
});
