import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../tools/cost/facts.ts';
import { type FilmPlan, planReferenceFilm, referenceBytes } from '../../../tools/cost/film.ts';
import { type FilmCost, filmCosts } from '../../../tools/cost/film-cost.ts';
import { mediaConvert } from '../../../tools/cost/others.ts';
import { publishedBytes } from '../../../tools/cost/plain-film.ts';
import { prices } from '../../../tools/cost/prices.ts';
import { countRequests } from '../../../tools/cost/requests.ts';
import { recordFarm } from '../../../tools/program-run/farm.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

function planWith(variables: Record<string, string> = {}, encoder: 'x264' | 'nvenc' = 'x264'): FilmPlan {
  const places = { QUEUE_URL: 'http://localhost', DEAD_LETTER_QUEUE_URL: 'http://localhost/dead' };
  const buckets = { SOURCE_BUCKET: 'source', OUTPUT_BUCKET: 'output' };
  return planReferenceFilm(readSettings({ ...places, ...buckets, ...variables }), encoder);
}

async function costsWith(changes: Record<string, string>) {
  const farm = factsOf(await recordFarm(bareStack({ ...allCredentials, ...changes })), 'us-east-1');
  const film = filmCosts(farm);
  const [first] = film.costs;
  if (!first) throw new Error('a film costs nothing on this farm');
  return { farm, ...film, first };
}

describe('the film that costs are computed for', () => {
  it('is planned by the worker’s own planner: the standard ladder, in parts', () => {
    const plan = planWith();
    expect(plan.video.renditions.map(({ name }) => name)).toEqual(['1080p', '720p', '540p', '360p', '240p']);
    expect(plan.parts.filter(({ kind }) => kind === 'video')).toHaveLength(120);
    expect(planWith({}, 'nvenc').parts.filter(({ kind }) => kind === 'video')).toHaveLength(24);
  });

  it('is as large as its bitrates say: 12.5 Mb/s for two hours', () => {
    expect(publishedBytes(planWith()) / 1e9).toBeCloseTo((12.527 / 8) * 7.2, 6);
  });
});

describe('requests', () => {
  it('are more for large segments, which go up in parts of 8 MiB', () => {
    const job = { sourceBytes: referenceBytes, workSeconds: 3600, isShared: false };
    const rung = (bitrate: number) => planWith({ LADDER: JSON.stringify([{ rung: '1080p', bitrate }]) });
    const [small, large] = [5_000_000, 26_000_000].map((bitrate) => countRequests(rung(bitrate), job).writes);
    // 1,200 segments of 19.5 MB: three parts, a beginning and an end each, in place of one PUT.
    expect((large ?? 0) - (small ?? 0)).toBe(1200 * 4);
  });

  it('grow with the time of work: states every 2 s, renewals every 30 s, and looks of the reporter every 10 s', () => {
    const job = { sourceBytes: referenceBytes, workSeconds: 1000, isShared: true };
    const plan = planWith();
    expect(countRequests(plan, job)).toMatchObject({
      status: 500,
      leases: 3 * plan.parts.length + 34 + 2 * 100,
    });
    expect(countRequests(plan, { ...job, isShared: false }).leases).toBe(0);
  });

  it('read the source once for the picture and once for the sound', () => {
    const job = { sourceBytes: referenceBytes, workSeconds: 1000, isShared: false };
    const blocks = referenceBytes / 2 ** 21;
    const { sourceReads } = countRequests(planWith(), job);
    expect(sourceReads / blocks).toBeGreaterThan(2);
    expect(sourceReads / blocks).toBeLessThan(2.3);
  });
});

describe('a film of two hours', () => {
  const sum = ({ workerUsd, requestsUsd, transferUsd }: FilmCost) => workerUsd + requestsUsd + transferUsd;

  it('costs its hours of work, its requests and what leaves AWS', async () => {
    const { costs, first } = await costsWith({ compute: 'gpu', onDemandBase: '1' });
    for (const cost of costs) {
      expect(cost.totalUsd).toBeCloseTo(sum(cost), 12);
      expect(cost.perSourceMinuteUsd * 120).toBeCloseTo(cost.totalUsd, 12);
      expect(cost.hours * cost.speed.filmSecondsPerSecond).toBeCloseTo(2, 9);
    }
    expect(first).toMatchObject({ machine: 'g4dn.xlarge', market: 'onDemand', transferUsd: 0 });
    expect(costs.map(({ machine, market }) => `${machine} ${market}`)).toEqual([
      'g4dn.xlarge onDemand',
      'g4dn.xlarge spot',
      'g4dn.2xlarge onDemand',
      // No Spot figure is known for these.
      'g6.xlarge onDemand',
      'g6.xlarge spot',
      'g5.xlarge onDemand',
    ]);
  });

  it.each(['r2', 'wasabi'])(
    'pays for leaving AWS when it goes to %s, and not for coming in',
    async (storage) => {
      const out = await costsWith({ storage, source: 's3' });
      expect(out.first.transferUsd).toBeCloseTo((out.publishedBytes / 1e9) * prices.internetOut.usd, 12);
      const both = await costsWith({ storage });
      expect(both.first.transferUsd).toBeCloseTo(out.first.transferUsd, 12);
      const back = await costsWith({ storage: 's3', source: storage });
      expect(back.first.transferUsd).toBe(0);
    },
  );

  it('pays Wasabi for no request', async () => {
    expect((await costsWith({ storage: 'wasabi' })).first.requestsUsd).toBe(0);
  });

  it('costs less of everything with a smaller ladder', async () => {
    const standard = await costsWith({});
    const mobile = await costsWith({ ladder: 'mobile' });
    expect(mobile.first.workerUsd).toBeLessThan(standard.first.workerUsd);
    expect(mobile.first.requestsUsd).toBeLessThan(standard.first.requestsUsd);
    expect(mobile.storageMonth.usd).toBeLessThan(standard.storageMonth.usd);
  });

  it('costs more when it wakes the farm, and not where a worker always runs', async () => {
    const { first, farm } = await costsWith({ compute: 'gpu', idleMinutes: '10', spot: 'false' });
    const seconds = (first.wakingUsd / (first.workerUsd / first.hours)) * 3600;
    const { idleInstanceMs = Number.NaN, spareMs = Number.NaN } = farm.waker?.rules ?? {};
    expect(farm.settings.sharing.workersPerFilm).toBe(2);
    expect(seconds).toBeCloseTo(2 * (130 + idleInstanceMs / 1000) + 600 + spareMs / 1000, 6);
    expect((await costsWith({ minTasks: '1' })).first.wakingUsd).toBe(0);
  });

  it('pays three minutes of an instance to replace a stopped one that was started', async () => {
    const gpu = { compute: 'gpu', spot: 'false' };
    const { first: none } = await costsWith(gpu);
    const { first: one } = await costsWith({ ...gpu, warmInstances: '1' });
    const { first: three } = await costsWith({ ...gpu, warmInstances: '3' });
    const hourUsd = none.workerUsd / none.hours;
    expect(one.wakingUsd - none.wakingUsd).toBeCloseTo((3 / 60) * hourUsd, 9);
    // Two workers make the film, so one of the three stays where it is.
    expect(three.wakingUsd - none.wakingUsd).toBeCloseTo((6 / 60) * hourUsd, 9);
  });
});

describe('MediaConvert', () => {
  it('takes two normalized minutes for HD and one for SD, and twice as many above 30 frames a second', () => {
    const plan = planWith();
    expect(mediaConvert(plan).filmUsd?.from).toBeCloseTo(120 * (2 + 2 + 1 + 1 + 1) * 0.0075, 12);
    const fast = { ...plan, video: { ...plan.video, frameRate: { num: 60, den: 1 } } };
    expect(mediaConvert(fast).filmUsd?.from).toBeCloseTo(2 * 6.3, 12);
  });

  it('takes four for 4K', () => {
    const plan = planWith();
    const [largest] = plan.video.renditions;
    if (!largest) throw new Error('no rendition');
    const renditions = [{ ...largest, name: '2160p' as const, width: 3840, height: 2160 }];
    expect(mediaConvert({ ...plan, video: { ...plan.video, renditions } }).filmUsd?.from).toBeCloseTo(
      3.6,
      12,
    );
  });
});
