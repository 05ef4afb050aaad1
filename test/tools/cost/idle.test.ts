import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backendNames } from '../../../infra/storage/names.ts';
import { allowancesOf, total } from '../../../tools/cost/charge.ts';
import { factsOf, readFarm } from '../../../tools/cost/facts.ts';
import { type IdleResource, idleMonth } from '../../../tools/cost/idle/month.ts';
import { hoursPerMonth, prices } from '../../../tools/cost/prices.ts';
import { standingHour, workerHours } from '../../../tools/cost/worker-hour.ts';
import { recordFarm } from '../../../tools/program-run/farm.ts';
import { stackFiles } from '../../../tools/program-run/stacks.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

async function farmWith(changes: Record<string, string>) {
  return factsOf(await recordFarm(bareStack(changes)), 'us-east-1');
}

const charged = (resources: readonly IdleResource[]) => resources.flatMap(({ charges }) => charges);
const find = (resources: readonly IdleResource[], name: string, type: string) => {
  const found = resources.find((resource) => resource.name === name && resource.type.endsWith(type));
  if (!found) throw new Error(`no ${type} "${name}"`);
  return found;
};

describe('every resource is priced or free', () => {
  const pairs = backendNames.flatMap((storage) =>
    ['fargate', 'gpu'].map((compute) => ({ storage, compute })),
  );
  const everything = { ...allCredentials, monthlyBudget: '50', alertEmail: 'a@b.example' };

  it.each(stackFiles)('%s', async (file) => {
    const resources = idleMonth(await readFarm(file));
    for (const { charges, free, name } of resources) expect(charges.length > 0 || free, name).toBeTruthy();
  });

  it.each(pairs)('storage $storage with compute $compute', async (pair) => {
    expect(idleMonth(await farmWith({ ...everything, ...pair })).length).toBeGreaterThan(50);
  });

  it.each<Record<string, string>>([
    { delivery: 'cdn' },
    { storage: 'r2', delivery: 'cdn' },
    { storage: 'r2', delivery: 'cdn', deliveryDomain: 'video.example.com', cloudflareZoneId: '0'.repeat(32) },
    { containerInsights: 'true' },
  ])('%o', async (changes) => {
    expect(idleMonth(await farmWith({ ...everything, ...changes })).length).toBeGreaterThan(50);
  });

  it('refuses a type that it does not know, by its name', async () => {
    const farm = await farmWith({});
    const [some] = farm.resources;
    if (!some) throw new Error('the program made nothing');
    const database = { ...some, type: 'aws:rds/instance:Instance', name: 'jobs', custom: true };
    expect(() => idleMonth({ ...farm, resources: [...farm.resources, database] })).toThrow(
      'The program makes a "aws:rds/instance:Instance" ("jobs"), and nothing says what that costs.',
    );
  });

  it('refuses NAT gateways, which would cost $33 a month each', async () => {
    const farm = await farmWith({});
    const resources = farm.resources.map((resource) =>
      resource.type === 'awsx:ec2:Vpc'
        ? { ...resource, inputs: { ...resource.inputs, natGateways: { strategy: 'Single' } } }
        : resource,
    );
    expect(() => idleMonth({ ...farm, resources })).toThrow(
      'There is no price for the NAT gateways of the network "farm"',
    );
  });
});

describe('a farm that sleeps', () => {
  const idleUsd = async (file: string) => {
    const charges = charged(idleMonth(await readFarm(file)));
    return total(charges) - total(allowancesOf(charges));
  };

  it('costs about a dollar a month, and the first farm what the README says', async () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`$${(await idleUsd('Pulumi.dev.yaml')).toFixed(2)} a month while it sleeps`);
    for (const file of [
      'Pulumi.dev.yaml',
      'Pulumi.prod.yaml',
      'stacks/inbox.yaml',
      'stacks/movie-site.yaml',
    ]) {
      expect(await idleUsd(file), file).toBeLessThan(1.7);
    }
  });

  it('pays for the waker’s calls, one a minute, and for nothing that runs', async () => {
    const idle = idleMonth(await farmWith({}));
    const calls = hoursPerMonth * 60;
    const waker = find(idle, 'farm-waker', ':Function');
    expect(waker.charges.map(({ quantity }) => quantity)).toEqual([calls, calls * 0.5 * 0.25]);
    expect(find(idle, 'farm-jobs', ':Queue').charges).toMatchObject([
      { quantity: calls, price: 'sqsRequest' },
    ]);
    expect(find(idle, 'farm-jobs-dead', ':Queue').charges).toEqual([]);
    expect(find(idle, 'farm-worker-fargate', ':Service').charges).toEqual([]);
  });

  it('pays for each metric that an alarm watches, those of target tracking twice', async () => {
    const { resources, ...farm } = await farmWith({ compute: 'gpu' });
    const idle = idleMonth({ resources, ...farm });
    const tracked = JSON.stringify(
      resources.find(({ type }) => type.endsWith('policy:Policy'))?.inputs,
    ).match(/"metricStat"/g);
    expect(find(idle, 'farm-gpu', 'policy:Policy').charges).toMatchObject([
      { quantity: 2 * (tracked?.length ?? 0), price: 'alarmMetric' },
    ]);
    expect(find(idle, 'farm-idle-instance', ':MetricAlarm').charges).toMatchObject([{ quantity: 2 }]);
    expect(find(idle, 'farm-dead-letters', ':MetricAlarm').charges).toMatchObject([{ quantity: 1 }]);
    expect(find(idle, 'farm-gpu', ':CapacityProvider').charges).toMatchObject([{ quantity: 2 }]);
  });

  it('pays for the volumes of stopped instances, less those that always run, and for nothing else of them', async () => {
    const gpu = { compute: 'gpu', spot: 'false' };
    const charges = async (changes: Record<string, string>) =>
      find(idleMonth(await farmWith({ ...gpu, ...changes })), 'farm-gpu', 'group:Group').charges;
    expect(await charges({})).toEqual([]);
    const [one, ...others] = await charges({ warmInstances: '1' });
    expect(one).toMatchObject({ price: 'ebsGp3', quantity: 50, usd: 4 });
    expect(others).toEqual([]);
    expect(total(await charges({ warmInstances: '3', minTasks: '1' }))).toBe(8);
    const more = async (changes: Record<string, string>) =>
      total(charged(idleMonth(await farmWith({ ...gpu, ...changes }))));
    expect((await more({ warmInstances: '1' })) - (await more({}))).toBeCloseTo(4, 9);
  });

  it('takes each free allowance off once, however many resources share it', async () => {
    const charges = charged(idleMonth(await farmWith({ compute: 'gpu' })));
    const alarms = charges.filter(({ price }) => price === 'alarmMetric');
    expect(alarms.length).toBeGreaterThan(3);
    expect(allowancesOf(charges).filter(({ price }) => price === 'alarmMetric')).toEqual([
      {
        price: 'alarmMetric',
        what: expect.stringContaining('the first 10'),
        usd: 10 * prices.alarmMetric.usd,
      },
    ]);
    expect(allowancesOf([])).toEqual([]);
  });

  it('pays Wasabi’s minimum once for two buckets', async () => {
    const idle = idleMonth(await farmWith({ ...allCredentials, storage: 'wasabi' }));
    const buckets = idle.filter(({ type }) => type === 'pulumi-nodejs:dynamic:Resource');
    expect(buckets.map(({ charges }) => total(charges))).toEqual([prices.wasabiStorage.usd, 0]);
  });

  it('needs no ECR repository with an image of its own', async () => {
    const idle = idleMonth(await farmWith({ workerImage: `ghcr.io/you/worker@sha256:${'1'.repeat(64)}` }));
    expect(charged(idle).filter(({ price }) => price === 'ecrStorage')).toEqual([]);
  });
});

describe('a worker that always runs', () => {
  it('costs 730 hours a month and asks its queues every 20 s', async () => {
    const farm = await farmWith({ minTasks: '1', onDemandBase: '1' });
    const idle = idleMonth(farm);
    const [hour] = workerHours(farm);
    const service = find(idle, 'farm-worker-fargate', ':Service');
    expect(total(service.charges)).toBeCloseTo(hoursPerMonth * total(hour?.onDemand ?? []), 9);
    expect(find(idle, 'farm-jobs', ':Queue').charges.map(({ quantity }) => quantity)).toEqual([
      43_800, 131_400,
    ]);
  });

  it('is On-Demand up to the base and Spot above it', async () => {
    const usdWith = async (changes: Record<string, string>) =>
      total(standingHour(await farmWith({ minTasks: '3', ...changes })));
    const [fargate] = workerHours(await farmWith({}));
    const [onDemand, spot] = [total(fargate?.onDemand ?? []), total(fargate?.spot ?? [])];
    expect(await usdWith({ onDemandBase: '1' })).toBeCloseTo(onDemand + 2 * spot, 9);
    expect(await usdWith({ onDemandBase: '1', spot: 'false' })).toBeCloseTo(3 * onDemand, 9);
    expect(await usdWith({ minTasks: '0' })).toBe(0);
  });
});
