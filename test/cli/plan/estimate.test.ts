import { expect, it } from 'vitest';
import { estimate } from '../../../cli/plan/estimate.ts';
import { hourUsd, type Machine, machineOf, machineOfDeployed } from '../../../cli/plan/machine.ts';
import { planSettings } from '../../../cli/plan/settings.ts';
import { formatUsd } from '../../../cli/text/units.ts';
import { instancePrice } from '../../../tools/cost/prices.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { VideoEncoder } from '../../../worker/src/plan/plan.ts';
import type { Media } from '../../../worker/src/probe/media.ts';
import { film, videoStream } from '../../helpers/media/media.ts';

const video = videoStream({ width: 1920, height: 1080, durationSeconds: 3600 });
const media = film({ durationSeconds: 3600, video, audio: [] });
const { encoding } = planSettings({});
const planOf = (media: Media, encoder: VideoEncoder) =>
  makePlan(media, { sourceVersion: 'any', encoding, encoder, software: 'any' });
const x264: VideoEncoder = { name: 'x264', preset: 'veryfast' };
const fargate: Machine = machineOf('fargate', undefined);

it('divides the time by the workers, never by more than there are parts, and leaves the cost as it is', () => {
  const plan = planOf(media, x264);
  const alone = estimate(media, plan, fargate, 1);
  const four = estimate(media, plan, fargate, 4);
  const hundred = estimate(media, plan, fargate, 100);
  expect(alone?.seconds).toBeCloseTo(4 * (four?.seconds ?? 0));
  expect(hundred?.workers).toBe(plan.parts.length);
  expect(four?.costs).toEqual(alone?.costs);
});

it('costs what an hour of the machine costs, for the share of an hour that is worked', () => {
  const gpu = machineOf('gpu', 'g4dn.xlarge');
  const found = estimate(media, planOf(media, { name: 'nvenc', preset: 'p5' }), gpu, 1);
  const hours = (found?.seconds ?? 0) / 3600;
  expect(found?.costs).toEqual([
    { market: 'onDemand', usd: hours * (hourUsd(gpu, 'onDemand') ?? 0) },
    { market: 'spot', usd: hours * (hourUsd(gpu, 'spot') ?? 0) },
  ]);
  // The instance, its root volume and its address.
  const instance = instancePrice('g4dn.xlarge').onDemand;
  expect(hourUsd(gpu, 'onDemand')).toBeGreaterThan(instance);
  expect(hourUsd(gpu, 'onDemand')).toBeLessThan(instance * 1.03);
  // Four GPUs are four workers.
  const share = instancePrice('g4dn.12xlarge').onDemand / 4;
  expect(hourUsd(machineOf('gpu', 'g4dn.12xlarge'), 'onDemand')).toBeCloseTo(share, 1);
  expect(hourUsd(machineOf('gpu', 'g5.xlarge'), 'spot')).toBeUndefined();
});

it('takes the higher price on Spot that AWS gave, and says where each price is from', () => {
  const gpu = machineOf('gpu', 'g5.xlarge');
  const plan = planOf(media, { name: 'nvenc', preset: 'p5' });
  const price = { from: 0.3, to: 0.4, region: 'eu-central-1', date: '2026-12-01' };
  const asked = estimate(media, plan, gpu, 1, { ...price, source: 'aws' });
  const onSpot = asked?.costs.find(({ market }) => market === 'spot')?.usd ?? 0;
  expect(onSpot).toBeGreaterThan(((asked?.seconds ?? 0) / 3600) * 0.4);
  expect(onSpot).toBeLessThan(((asked?.seconds ?? 0) / 3600) * 0.42);
  expect(asked?.notes.at(-1)).toBe(
    'Spot: $0.3000 to $0.4000 by zone, the higher taken, an hour of g5.xlarge in eu-central-1, 2026-12-01, as AWS said now',
  );
  const fromTable = estimate(media, plan, gpu, 1, { ...price, from: 0.4, source: 'table' });
  expect(fromTable?.notes.at(-1)).toBe(
    'Spot: $0.4000 an hour of g5.xlarge in eu-central-1, 2026-12-01, the figure of docs/cost.md (AWS was not asked or did not answer)',
  );
  const g4dn = machineOf('gpu', 'g4dn.xlarge');
  const plain = estimate(media, planOf(media, { name: 'nvenc', preset: 'p5' }), g4dn, 1);
  expect(plain?.spotPrice).toMatchObject({ ...instancePrice('g4dn.xlarge').spot, source: 'table' });
  const unknown = estimate(media, plan, gpu, 1);
  expect(unknown?.costs.map(({ market }) => market)).toEqual(['onDemand']);
  expect(unknown?.notes.at(-1)).toContain('docs/cost.md has no price of g5.xlarge');
  expect(estimate(media, planOf(media, x264), fargate, 1)?.notes.join()).not.toContain('Spot:');
});

it('takes the preset that the farm has', () => {
  const seconds = (preset: string) =>
    estimate(media, planOf(media, { ...x264, preset }), fargate, 1)?.seconds;
  expect(seconds('slow')).toBeGreaterThan(2 * (seconds('veryfast') ?? Number.NaN));
});

it('says what the figures leave out', () => {
  const interlaced = { ...media, video: { ...video, interlaced: true } };
  expect(estimate(interlaced, planOf(interlaced, x264), fargate, 1)?.notes.join()).toContain('deinterlacing');
});

it('estimates nothing for audio alone', () => {
  const { video: _, ...audioOnly } = media;
  expect(estimate(audioOnly, planOf({ ...audioOnly, audio: [] }, x264), fargate, 1)).toBeUndefined();
});

it('takes compute and settings of a farm as they are deployed', () => {
  const common = {
    image: '',
    environment: {},
    secretParameters: {},
    task: { cpuUnits: 8192, memoryMib: 16_384 },
    onDemandBase: 1,
  };
  expect(machineOfDeployed({ ...common, compute: 'fargate', spot: false })).toEqual({
    kind: 'fargate',
    vcpus: 8,
    memoryGb: 16,
    markets: ['onDemand'],
  });
  const instanceTypes = ['g6.xlarge', 'g5.xlarge'];
  expect(machineOfDeployed({ ...common, compute: 'gpu', spot: true, instanceTypes })).toEqual({
    kind: 'gpu',
    instanceType: 'g6.xlarge',
    markets: ['onDemand', 'spot'],
  });
  const settings = planSettings({
    SEGMENT_SECONDS: '4',
    WORKERS_PER_FILM: '3',
    PARTS_QUEUE_URL: 'https://x.invalid',
    WEBHOOK_URL: 'https://needs.a.secret.invalid',
    QUEUE_URL: 'unread',
  });
  expect(settings.encoding.segmentSeconds).toBe(4);
  expect(settings.sharing.workersPerFilm).toBe(3);
  expect(() => planSettings({ ENCODER: 'av1' })).toThrow(/different versions[\s\S]*ENCODER/);
});

it('shows dollars with two figures that count', () => {
  expect([0, 0.0042, 0.01234, 0.5, 12.345].map(formatUsd)).toEqual([
    '$0.00',
    '$0.0042',
    '$0.012',
    '$0.50',
    '$12.35',
  ]);
});
