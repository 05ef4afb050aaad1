import { describe, expect, it } from 'vitest';
import {
  type FunctionFarm,
  pessimisticCalls,
  plausibleCalls,
  simulateFunctions,
} from '../../../tools/simulation/functions.ts';
import { singleFilm } from '../../../tools/simulation/workloads.ts';

const farm: FunctionFarm = {
  maxCalls: 150,
  workersPerFilm: 140,
  filmSecondsPerSecond: 1.75,
  audioSecondsPerSecond: 69,
  partSeconds: 54,
  audioPartSeconds: 600,
};
const wholeSeconds = async (changes: Partial<FunctionFarm>, times = plausibleCalls) => {
  const run = await simulateFunctions({ ...farm, ...changes }, times, singleFilm(), 1);
  const [film] = run.films;
  return { ...run, seconds: ((film?.doneAtMs ?? Number.NaN) - (film?.arrivedAtMs ?? 0)) / 1000 };
};

describe('calls of a function, simulated', () => {
  it('are never more than the farm may have', async () => {
    const { maxCalls, calls } = await wholeSeconds({ maxCalls: 20 });
    expect(maxCalls).toBe(20);
    expect(calls).toBeGreaterThan(20);
  });

  it('make a film sooner when there are more of them, and for about the same money', async () => {
    const [few, many] = [await wholeSeconds({ workersPerFilm: 10 }), await wholeSeconds({})];
    expect(many.seconds).toBeLessThan(few.seconds / 3);
    expect(many.billedSeconds / few.billedSeconds).toBeLessThan(1.2);
  });

  it('spend nearly all that is billed on video, then on starts and audio', async () => {
    const { billedSeconds, spent, calls } = await wholeSeconds({});
    const { video, audio, starts } = spent;
    expect(video).toBeGreaterThan(0.8 * billedSeconds);
    expect(video + audio + starts).toBeLessThan(billedSeconds);
    expect(starts).toBeGreaterThan(calls);
    expect(audio).toBeGreaterThan(7200 / farm.audioSecondsPerSecond);
  });

  it('wait for the audio where that is one part', async () => {
    const { seconds } = await wholeSeconds({ audioPartSeconds: 7200 });
    expect(seconds).toBeGreaterThan(7200 / 69);
  });

  it('lose no film when calls are lost', async () => {
    const { seconds, films } = await wholeSeconds({}, { ...pessimisticCalls, lost: 0.3 });
    expect(films.every(({ doneAtMs }) => doneAtMs !== undefined)).toBe(true);
    expect(seconds).toBeGreaterThan((await wholeSeconds({}, pessimisticCalls)).seconds);
  });

  it('of jobs alone begin with five, as an event source of SQS does', async () => {
    const films = Array.from({ length: 50 }, () => ({ atMs: 0, seconds: 20 }));
    const short = { ...farm, workersPerFilm: 1 };
    const run = await simulateFunctions(short, plausibleCalls, { films }, 1);
    const starts = run.films
      .map(({ encodingStartedAtMs = Number.NaN }) => encodingStartedAtMs / 1000)
      .sort((a, b) => a - b);
    expect(starts.filter((at) => at < 5).length).toBeLessThan(25);
    expect(starts.length).toBe(50);
  });
});
