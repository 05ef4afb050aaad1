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
const view = { bucket: 'films', queues, workers: undefined, at };

it('shows what is open before what is over, and says how many do not fit', () => {
  const jobs = [
    job('done', 'succeeded'),
    job('running', 'running'),
    job('broken', 'failed'),
    job('last', 'failed'),
  ];
  const lines = watchLines({ ...view, jobs }, plainStyle, 100, 9);
  expect(lines[1]).toBe('jobs       3 waiting  ·  1 in flight  ·  0 to be tried again  ·  2 given up');
  expect(lines[2]).toBe('oldest     job open for 1 min 00 s');
  expect(lines[4]).toMatch(/^running .* 40 % {2}1 min 15 s to go {2}running$/);
  expect(lines[5]).toMatch(/^succeeded .*100 % {2}done$/);
  expect(lines.at(-1)).toBe('and 2 more: "farm jobs --limit 4"');
  expect(lines.length).toBeLessThanOrEqual(9);
});

it('keeps its lines within the terminal, and control characters out of it', () => {
  const long = { ...job('x', 'running'), title: `\x1b[31m${'wide '.repeat(60)}` };
  for (const line of watchLines({ ...view, jobs: [long], workers: 'no '.repeat(60) }, plainStyle, 80, 20)) {
    expect(stripVTControlCharacters(line)).toBe(line);
    expect(line.length).toBeLessThanOrEqual(80);
  }
});

it('counts the age from the job that entered first', () => {
  expect(oldestSeconds([], at)).toBeUndefined();
  expect(oldestSeconds([job('a', 'running'), job('b', 'queued', '2030-01-01T11:00:00Z')], at)).toBe(3600);
});

it('shows calls for help, workers and instances of farms that have them', () => {
  const parts = { waiting: 2, inFlight: 1, delayed: 0 };
  const workers = {
    tasks: { wanted: 3, starting: 1, running: 2 },
    instances: { wanted: 3, starting: 1, running: 1, stopping: 1 },
  };
  const lines = watchLines({ ...view, queues: { ...queues, parts }, workers, jobs: [] }, plainStyle, 100, 20);
  expect(lines.slice(2, 6)).toEqual([
    'help       2 waiting  ·  1 in flight',
    'workers    3 wanted  ·  1 starting  ·  2 running',
    'instances  3 wanted  ·  1 starting  ·  1 running  ·  1 stopping',
    'oldest     none has begun',
  ]);
});
