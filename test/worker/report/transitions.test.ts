import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { webhookEvent } from '../../../reporter/webhooks/event.ts';
import type { JobStateName, Progress } from '../../../worker/src/protocol/status.ts';
import { advance, type Transition, updateRunning } from '../../../worker/src/report/transitions.ts';
import { at, film, queued, running, succeeded } from '../../helpers/reports/job-states.ts';

const error = { code: 'trouble', message: 'The network is down.' };
const steps: Record<JobStateName, Transition> = {
  queued: { to: 'queued' },
  running: { to: 'running', attempt: 1, worker: 'w1' },
  retrying: { to: 'retrying', error },
  succeeded: { to: 'succeeded', film },
  failed: { to: 'failed', error },
};
const names = Object.keys(steps) as JobStateName[];
const allowed = new Set([
  'queued→running',
  'queued→failed',
  'running→succeeded',
  'running→retrying',
  'running→failed',
  'running→queued',
  'retrying→running',
  'retrying→failed',
  'succeeded→running',
  'failed→running',
]);

describe('of all steps between states', () => {
  it.each(names.flatMap((from) => names.map((to) => [from, to] as const)))('%s → %s', (from, to) => {
    const step = () => advance({ ...running('a'), state: from }, steps[to], at(5));
    if (allowed.has(`${from}→${to}`)) expect(step().state).toBe(to);
    else expect(step).toThrow(`Job a can't go from ${from} to ${to}.`);
  });
});

it('a published film can be played while its files are made', () => {
  const published = advance(running('a'), { to: 'published', film }, at(4));
  expect(published).toMatchObject({ state: 'running', stage: 'files', film });
  expect(webhookEvent(published, { requestId: 'r' })?.type).toBe('job.published');
  const started = webhookEvent(running('a'), { requestId: 'r' });
  expect(webhookEvent(published, { requestId: 'r' })?.id).not.toBe(started?.id);
  expect(advance(published, { to: 'succeeded', film }, at(5))).toMatchObject({ state: 'succeeded' });
  expect(() => advance(succeeded('a'), { to: 'published', film }, at(6))).toThrow('succeeded to published');
});

it('a job says which file is being made and how much of it is done, until it ends', () => {
  const published = advance(running('a'), { to: 'published', film }, at(4));
  const file = { name: '720p.webm', percent: 45 };
  const making = updateRunning(published, { file }, at(5));
  expect(making).toMatchObject({ stage: 'files', file });
  for (const to of ['succeeded', 'failed', 'retrying', 'queued'] as const)
    expect(advance(making, steps[to], at(6))).not.toHaveProperty('file');
});

it('a film can be played while it is made, and is no longer offered early when it is done or given up', () => {
  const early = { playlist: 'a/0123456789ab/early/index.m3u8', plan: '0123456789ab' };
  const playable = advance(running('a'), { to: 'playable', early }, at(4));
  expect(playable).toMatchObject({ state: 'running', early });
  const ids = [running('a'), playable, advance(playable, { to: 'published', film }, at(5))].map((state) =>
    webhookEvent(state, { requestId: 'r' }),
  );
  expect(ids.map((event) => event?.type)).toEqual(['job.running', 'job.playable', 'job.published']);
  expect(new Set(ids.map((event) => event?.id)).size).toBe(3);
  expect(advance(playable, { to: 'queued' }, at(5))).toMatchObject({ early });
  for (const end of [steps.succeeded, steps.failed])
    expect(advance(playable, end, at(5))).not.toHaveProperty('early');
});

it('a job that starts knows how long it waited, and forgets the try before', () => {
  const retrying = advance(running('a'), { to: 'retrying', error }, at(4));
  expect(retrying).toMatchObject({ state: 'retrying', attempt: 1, error });
  const again = advance(retrying, { to: 'running', attempt: 2, worker: 'w2' }, at(40));
  expect(again).toMatchObject({ attempt: 2, worker: 'w2', timings: { waitSeconds: 40 }, warnings: [] });
  expect(again).not.toHaveProperty('error');
  expect(again).not.toHaveProperty('progress');
});

it('an interrupted job is queued as if it had not been started, at the same attempt', () => {
  const back = advance(running('a'), { to: 'queued' }, at(5));
  expect(back).toMatchObject({ state: 'queued', attempt: 1, queuedAt: queued('a').queuedAt });
  expect(back).not.toHaveProperty('startedAt');
  expect(back).not.toHaveProperty('worker');
});

it('an end has its time, its seconds and its film or its error', () => {
  expect(succeeded('a')).toMatchObject({
    state: 'succeeded',
    finishedAt: at(12).toISOString(),
    film,
    progress: { percent: 100 },
    timings: { waitSeconds: 2, totalSeconds: 10 },
  });
  expect(advance(running('a'), { to: 'failed', error }, at(12))).toMatchObject({
    error,
    timings: { totalSeconds: 10 },
  });
});

it('a film that is published stays named while it is made again, and when that fails', () => {
  const again = advance(succeeded('a'), { to: 'running', attempt: 1, worker: 'w1' }, at(20));
  expect(again.film).toEqual(film);
  expect(advance(again, { to: 'failed', error }, at(30)).film).toEqual(film);
});

it('clocks that disagree make no negative times', () => {
  const early = advance(queued('a'), { to: 'running', attempt: 1, worker: 'w1' }, at(-600));
  expect(early.timings.waitSeconds).toBe(0);
  expect(advance(early, { to: 'failed', error }, at(-900)).timings.totalSeconds).toBe(0);
});

it('progress never goes back, and is below 100 % until the end, whatever is reported', () => {
  const progress = fc.record({
    percent: fc.double(),
    publishedBytes: fc.nat(),
    publishedSegments: fc.nat(),
    renditions: fc.constant<string[]>([]),
  });
  fc.assert(
    fc.property(fc.array(progress, { minLength: 2 }), (reports) => {
      let state = running('a');
      let before: Progress = { percent: 0, publishedBytes: 0, publishedSegments: 0, renditions: [] };
      for (const report of reports) {
        state = updateRunning(state, { progress: report }, at(3));
        const now = state.progress ?? before;
        expect(now.percent).toBeGreaterThanOrEqual(before.percent);
        expect(now.percent).toBeLessThan(100);
        expect(now.publishedBytes).toBeGreaterThanOrEqual(before.publishedBytes);
        expect(now.publishedSegments).toBeGreaterThanOrEqual(before.publishedSegments);
        before = now;
      }
      expect(advance(state, { to: 'succeeded', film }, at(9)).progress?.percent).toBe(100);
    }),
  );
});

it('what comes after the end changes nothing', () => {
  const done = succeeded('a');
  expect(updateRunning(done, { stage: 'encoding' }, at(99))).toBe(done);
});

it('timings and warnings gather', () => {
  let state = updateRunning(running('a'), { stage: 'probing', timings: { probeSeconds: 1 } }, at(3));
  state = updateRunning(state, { stage: 'encoding', warnings: ['left out'] }, at(4));
  expect(state).toMatchObject({
    stage: 'encoding',
    warnings: ['left out'],
    timings: { waitSeconds: 2, probeSeconds: 1 },
  });
});
