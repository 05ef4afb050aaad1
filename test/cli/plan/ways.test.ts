import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { encoderOn, type Machine, machineOf } from '../../../cli/plan/machine.ts';
import { type Way, type WaysRequest, waysOf } from '../../../cli/plan/ways.ts';
import { wayLines } from '../../../cli/plan/ways-table.ts';
import { plainStyle } from '../../../cli/text/style.ts';
import { readFarm } from '../../../tools/cost/facts.ts';
import { referenceBytes, referenceFilm } from '../../../tools/cost/film.ts';
import { plainFilm } from '../../../tools/cost/plain-film.ts';
import { filmOnStack } from '../../../tools/simulation/lone-film.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { Settings } from '../../../worker/src/settings/settings.ts';

const { durationSeconds, bitrate: _, ...video } = referenceFilm;
const match = plainFilm({ durationSeconds, sizeBytes: referenceBytes, video });
const planOn =
  (media = match) =>
  (machine: Machine, settings: Settings) =>
    makePlan(media, {
      sourceVersion: 'any',
      encoding: settings.encoding,
      encoder: encoderOn(machine, settings),
      software: 'any',
      functionLimits: settings.functionLimits,
    });

const onS3 = { environment: {}, workers: undefined, source: 's3', output: 's3' } as const;
const waysFor = (request: Pick<WaysRequest, 'own'> & Partial<WaysRequest>, media = match) =>
  waysOf(media, planOn(media), { ...onS3, ...request });
const here: Machine = { kind: 'here', vcpus: 2 };
const way = (ways: readonly Way[], compute: Way['compute'], market: Way['market']) => {
  const found = ways.find((each) => each.compute === compute && each.market === market);
  if (found === undefined) throw new Error(`no ${compute} ${market}`);
  return found;
};

it('offers functions, and GPUs and Fargate of both markets, of which Spot is the cheaper one', () => {
  const ways = waysFor({ own: here });
  expect(ways.map(({ compute, market }) => `${compute} ${market}`)).toEqual([
    'gpu spot',
    'gpu onDemand',
    'fargate spot',
    'fargate onDemand',
    'function onDemand',
  ]);
  for (const compute of ['gpu', 'fargate'] as const) {
    const [spot, onDemand] = [way(ways, compute, 'spot'), way(ways, compute, 'onDemand')];
    expect(spot.usd).toBeLessThan(onDemand.usd);
    expect(spot.wholeSeconds).toBe(onDemand.wholeSeconds);
  }
  const functions = way(ways, 'function', 'onDemand');
  expect(functions.wholeSeconds).toBeLessThan(way(ways, 'gpu', 'spot').wholeSeconds / 5);
});

it.each(['Pulumi.function.yaml', 'Pulumi.dev.yaml', 'Pulumi.prod.yaml'])(
  'comes to the time that the simulation of %s comes to, within a tenth, and to its cost within a fifth',
  async (stack) => {
    const farm = await readFarm(stack);
    const simulated = await filmOnStack(stack, 1);
    const { worker, settings } = farm;
    const own: Machine =
      worker.kind === 'gpu'
        ? machineOf('gpu', worker.instanceTypes[0])
        : { ...worker, markets: worker.kind === 'function' ? ['onDemand'] : ['onDemand', 'spot'] };
    const environment = {
      PARTS_QUEUE_URL: 'https://parts.invalid',
      WORKERS_PER_FILM: String(settings.sharing.workersPerFilm),
    };
    const found = waysFor({ own, environment }).filter(({ isOwn }) => isOwn);
    for (const { wholeSeconds } of found)
      expect(Math.abs(wholeSeconds / (60 * simulated.wholeMinutes.p50) - 1)).toBeLessThan(0.1);
    // A stack may buy the first worker in one market and the others in the other.
    const costs = found.map(({ usd }) => usd);
    expect(simulated.loneUsd).toBeGreaterThan(0.8 * Math.min(...costs));
    expect(simulated.loneUsd).toBeLessThan(1.2 * Math.max(...costs));
  },
  60_000,
);

it('takes no more workers than the job allows, and none that a short film has no part for', () => {
  const limited = waysFor({ own: here, workers: 2 });
  expect(limited.map(({ workers }) => workers)).toEqual([2, 2, 2, 2, 2]);
  const clip = plainFilm({ durationSeconds: 20, sizeBytes: 20_000_000, video });
  expect(way(waysFor({ own: here }, clip), 'gpu', 'spot').workers).toBe(1);
});

it('leaves out the functions for a film that is too long for one and cannot be cut', () => {
  const ways = waysFor({ own: here }, { ...match, indexed: false });
  expect(ways.map(({ compute }) => compute)).not.toContain('function');
});

it('adds what leaves AWS for another storage', () => {
  const [s3] = waysFor({ own: here });
  const [r2] = waysFor({ own: here, output: 'r2' });
  // 12.5 Mb/s of renditions.
  expect((r2?.usd ?? 0) - (s3?.usd ?? 0)).toBeGreaterThan(0.5);
});

it('estimates nothing for audio alone', () => {
  const audio = plainFilm({ durationSeconds: 60, sizeBytes: 1_000_000 });
  expect(waysFor({ own: here }, audio)).toEqual([]);
});

it.each([80, 40])(
  'shows the ways in %d columns, with every figure whole and the own one marked',
  (columns) => {
    const ways = waysFor({ own: machineOf('fargate', undefined) });
    const lines = wayLines(ways, plainStyle, columns).map(stripVTControlCharacters);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(lines.filter((line) => line.startsWith('* '))).toHaveLength(2);
    expect(lines.filter((line) => /\d (s|min) +\$\d+\.\d\d/.test(line))).toHaveLength(5);
    expect(lines.join('\n')).toMatchSnapshot();
  },
);
