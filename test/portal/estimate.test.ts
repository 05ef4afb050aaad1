import { describe, expect, it } from 'vitest';
import { machineOf, thisMachine } from '../../cli/plan/machine.ts';
import { planSettings } from '../../cli/plan/settings.ts';
import { estimateFilms } from '../../portal/src/farm/estimate.ts';
import { readFarm } from '../../tools/cost/facts.ts';
import { referenceBytes, referenceFilm } from '../../tools/cost/film.ts';
import { filmCosts } from '../../tools/cost/film-cost.ts';
import { RefusedError } from '../../worker/src/errors.ts';

const fargate = {
  machine: machineOf('fargate', undefined),
  settings: planSettings({}),
  storage: 's3',
} as const;
const hour = { seconds: 3600, bytes: 3_600_000_000, width: 1920, height: 1080, framesPerSecond: 25 };
const usdOf = ({ costs }: { costs: { usd: number }[] }) => costs[0]?.usd ?? Number.NaN;

it('costs what the cost page says of the same film on the same farm', async () => {
  const farm = await readFarm('Pulumi.dev.yaml');
  const [reference] = filmCosts(farm).costs;
  const { durationSeconds, width, height, frameRate } = referenceFilm;
  const film = {
    seconds: durationSeconds,
    bytes: referenceBytes,
    width,
    height,
    framesPerSecond: frameRate.num,
  };
  const { vcpus, memoryGb } = farm.worker as { vcpus: number; memoryGb: number };
  const markets = [reference?.market ?? 'onDemand'];
  const machine = { kind: 'fargate', vcpus, memoryGb, markets } as const;
  const found = estimateFilms({ machine, settings: farm.settings, storage: 's3' }, [film], {});
  expect(usdOf(found)).toBeCloseTo(reference?.workerUsd ?? 0, 6);
  expect(found.bytes).toBeCloseTo(filmCosts(farm).publishedBytes, -3);
  expect(found.storageUsdPerMonth).toBeCloseTo(filmCosts(farm).storageMonth.usd, 6);
});

it('adds films up', () => {
  const one = estimateFilms(fargate, [hour], {});
  const two = estimateFilms(fargate, [hour, hour], {});
  expect(two.seconds).toBeCloseTo(2 * (one.seconds ?? 0));
  expect(usdOf(two)).toBeCloseTo(2 * usdOf(one));
  expect(two.bytes).toBeCloseTo(2 * one.bytes);
});

describe('what other choices would change', () => {
  const found = estimateFilms(fargate, [hour], {});

  it('has each ladder as it would be with that choice', () => {
    for (const { ladder, ...total } of found.ladders) {
      const chosen = estimateFilms(fargate, [hour], { ladder: ladder ?? undefined });
      expect(total).toEqual({ seconds: chosen.seconds, costs: chosen.costs, bytes: chosen.bytes });
    }
    expect(found.ladders[0]).toMatchObject({ ladder: null, seconds: found.seconds, bytes: found.bytes });
    const [, standard, mobile] = found.ladders;
    expect(usdOf(mobile ?? { costs: [] })).toBeLessThan(usdOf(standard ?? { costs: [] }));
  });

  it('is less to encode without the stream: only what the files need', () => {
    const mp4 = estimateFilms(fargate, [hour], { outputs: ['mp4:360p'] });
    expect(mp4.renditions).toEqual(['360p']);
    expect(usdOf(mp4)).toBeLessThan(usdOf(found) / 2);
  });

  it('knows the length of files but for GIFs, which it offers of short films alone', () => {
    expect(found.files.map(({ format }) => format)).toEqual(['mp4', 'webm', 'm4a', 'mp3', 'flac']);
    const { bytes = 0 } = found.files.find(({ format }) => format === 'mp3') ?? {};
    expect(bytes).toBe((3600 * 192_000) / 8);
    const short = estimateFilms(fargate, [{ ...hour, seconds: 10 }], {});
    expect(short.files.at(-1)).toEqual({ format: 'gif' });
  });
});

it('takes no time for audio alone, and names no price on this machine', () => {
  const { width: _, height: __, ...sound } = hour;
  expect(estimateFilms(fargate, [sound], {})).not.toHaveProperty('seconds');
  expect(estimateFilms(fargate, [hour], { outputs: ['mp3'] })).not.toHaveProperty('seconds');
  const here = estimateFilms({ ...fargate, machine: thisMachine }, [hour], {});
  expect(here).toMatchObject({ seconds: expect.any(Number), costs: [] });
  expect(here).not.toHaveProperty('storageUsdPerMonth');
});

it('takes a preset for what the farm has under its name, and refuses one that it lacks', () => {
  const settings = { ...fargate.settings, presets: { small: { outputs: ['mp4:360p' as const] } } };
  const found = estimateFilms({ ...fargate, settings }, [hour], { preset: 'small' });
  expect(found.renditions).toEqual(['360p']);
  expect(() => estimateFilms(fargate, [hour], { preset: 'small' })).toThrow('names no preset of this farm');
});

it('refuses what a GPU can’t encode, as its worker would', () => {
  const gpu = { ...fargate, machine: machineOf('gpu', undefined) };
  expect(() => estimateFilms(gpu, [{ ...hour, width: 64, height: 32 }], {})).toThrow(RefusedError);
});

it('says which frame rate it takes, where the browser knows none', () => {
  const { framesPerSecond: _, ...unknown } = hour;
  expect(estimateFilms(fargate, [unknown], {}).notes.join()).toContain('30 frames a second');
  expect(estimateFilms(fargate, [hour], {}).notes.join()).not.toContain('taken for');
});
