import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { plainStyle } from '../../../cli/text/style.ts';
import { oldestSeconds, watchLines } from '../../../cli/watch/view.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';

const at = new Date('2030-01-01T12:00:00Z');

function job(id: string, state: JobState['state'], queuedAt = '2030-01-01T11:59:00Z'): JobState {
  return {
    ...{ id, state, queuedAt, updatedAt: queuedAt, source: `${id}.mp4`, attempt: 1, maxAttempts: 3 },
    progress: { percent: 40, etaSeconds: 75, publishedBytes: 1, publishedSegments: 1, renditions: [] },
    warnings: [],
    timings: {},
  };
}

const queues = { waiting: 3, inFlight: 1, delayed: 0, dead: 2 };
const view = { farm: 'prod', queues, workers: undefined, at };

it('shows open jobs before finished ones, and counts those that do not fit', () => {
  const jobs = [
    job('done', 'succeeded'),
    job('running', 'running'),
    job('broken', 'failed'),
    job('last', 'failed'),
  ];
  const lines = watchLines({ ...view, jobs }, plainStyle, 100, 10);
  expect(lines[0]).toMatch(/^transcode-farm {2}prod /);
  expect(lines[1]).toBe('jobs       3 queued  ·  1 running  ·  0 retrying  ·  2 failed');
  expect(lines[2]).toBe('oldest     job open for 1 min 00 s');
  expect(lines[4]).toMatch(/^STATE +JOB +FILM +AGE +TIME +RESULT$/);
  expect(lines[5]).toMatch(/^running +running +running\.mp4 +60 s +1 min 00 s +40 %, 1 min 15 s left$/);
  expect(lines[6]).toMatch(/^succeeded +done /);
  expect(lines.at(-1)).toBe('+1 more · q quits');
  expect(watchLines({ ...view, jobs }, plainStyle, 100, 10, false).at(-1)).toBe('+1 more');
  expect(watchLines({ ...view, jobs: [] }, plainStyle, 100, 10, false).at(-1)).toBe('No jobs yet.');
  expect(lines.length).toBeLessThanOrEqual(10);
});

it('says of a film that is still made that it can be played', () => {
  const early = { playlist: 'early/1/early/index.m3u8', plan: '1' };
  const jobs = [{ ...job('early', 'running'), early }, job('done', 'succeeded')];
  const lines = watchLines({ ...view, jobs }, plainStyle, 100, 10);
  expect(lines.filter((line) => line.includes('playable'))).toEqual([
    expect.stringMatching(/^running +early .* 40 %, 1 min 15 s left, playable$/),
  ]);
});

it('writes no line wider than the terminal, and no control characters', () => {
  const long = { ...job('x', 'running'), title: `\x1b[31m${'wide '.repeat(60)}` };
  for (const columns of [120, 80, 40]) {
    const shown = { ...view, jobs: [long], workers: 'no '.repeat(60) };
    for (const line of watchLines(shown, plainStyle, columns, 20)) {
      expect(stripVTControlCharacters(line)).toBe(line);
      expect(line.length).toBeLessThanOrEqual(columns);
    }
  }
});

it('gives files and pipes the whole reason of a failed job', () => {
  const message = `The file is not a film: ${'another kind of file '.repeat(8).trim()}.`;
  const failed = { ...job('x', 'failed'), error: { code: 'not-media', message } };
  const lines = watchLines({ ...view, jobs: [failed] }, plainStyle, Number.POSITIVE_INFINITY, 40, false);
  expect(lines.at(-1)).toContain(`[not-media] ${message}`);
});

it('measures the age of the job that was queued first', () => {
  expect(oldestSeconds([], at)).toBeUndefined();
  expect(oldestSeconds([job('a', 'running'), job('b', 'queued', '2030-01-01T11:00:00Z')], at)).toBe(3600);
});

it('shows part requests, workers and instances of farms that have them', () => {
  const parts = { waiting: 2, inFlight: 1, delayed: 0 };
  const workers = {
    tasks: { wanted: 3, starting: 1, running: 2 },
    instances: { wanted: 3, starting: 1, running: 1, stopping: 1 },
  };
  const lines = watchLines({ ...view, queues: { ...queues, parts }, workers, jobs: [] }, plainStyle, 100, 20);
  expect(lines.slice(2, 6)).toEqual([
    'helpers    2 requested  ·  1 helping',
    'workers    3 wanted  ·  1 starting  ·  2 running',
    'instances  3 wanted  ·  1 starting  ·  1 running  ·  1 stopping',
    'oldest     no job has started',
  ]);
});
