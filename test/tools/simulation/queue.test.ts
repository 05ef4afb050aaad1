import { beforeEach, expect, it } from 'vitest';
import { Film } from '../../../tools/simulation/film.ts';
import { Metrics } from '../../../tools/simulation/metrics.ts';
import { Queue } from '../../../tools/simulation/queue.ts';
import { Random } from '../../../tools/simulation/random.ts';
import { Timeline } from '../../../tools/simulation/timeline.ts';

const minute = 60_000;
const hour = 60 * minute;
const forEver = Number.POSITIVE_INFINITY;

let timeline: Timeline;
let queue: Queue;
beforeEach(() => {
  timeline = new Timeline();
  queue = new Queue('jobs', 96 * hour, timeline, new Random(1));
});

const film = () => new Film(1, 0, [1000]);

it('counts a message within a minute, and at once when it is in flight', async () => {
  queue.send('job', film());
  queue.send('job', film());
  expect([queue.length, queue.counted]).toEqual([2, 0]);
  queue.receive(forEver);
  expect([queue.counted, queue.inFlight]).toEqual([0, 1]);
  await timeline.run(minute);
  expect([queue.counted, queue.inFlight]).toEqual([1, 1]);
});

it('shows a message again when its time is over, but not one that was deleted or received again', async () => {
  queue.send('job', film());
  const first = queue.receive(10 * minute);
  await timeline.run(10 * minute);
  expect([queue.length, queue.inFlight]).toEqual([1, 0]);
  expect(queue.receive(10 * minute)).toBe(first);
  await timeline.run(11 * minute);
  if (first) queue.delete(first);
  await timeline.run(30 * minute);
  expect([queue.length, queue.inFlight]).toEqual([0, 0]);
});

it('wakes one waiting worker, and another if the first has found other work', async () => {
  const answers: string[] = [];
  const poll = (name: string, takes: boolean) => ({
    isOpen: () => true,
    answer: () => {
      answers.push(name);
      return takes;
    },
  });
  queue.poll({ isOpen: () => false, answer: () => answers.push('closed') > 0 });
  queue.poll(poll('busy', false));
  queue.poll(poll('free', true));
  queue.poll(poll('next', true));
  queue.send('job', film());
  await timeline.run(minute);
  expect(answers).toEqual(['busy', 'free']);
});

it('drops what has waited for longer than it keeps messages', async () => {
  queue.send('job', film());
  await timeline.run(96 * hour);
  expect([queue.length, queue.counted]).toEqual([0, 0]);
});

const visible = 'AWS/SQS ApproximateNumberOfMessagesVisible jobs';

/** Minutes from the sending of a message until CloudWatch shows it. */
async function minutesUntilShown(asks: boolean, seed: number): Promise<number> {
  const timeline = new Timeline();
  const random = new Random(seed);
  const queue = new Queue('jobs', 96 * hour, timeline, random);
  const metrics = new Metrics(timeline, random.fork());
  metrics.measureQueue(queue);
  queue.touch();
  if (asks) timeline.every(minute, () => queue.touch());
  const sentAtMs = 20 * hour;
  timeline.at(sentAtMs, () => queue.send('job', film()));
  for (let waited = 1; ; waited++) {
    await timeline.run(sentAtMs + waited * minute);
    if (metrics.last(visible, 20).some((count) => count === 1)) return waited;
  }
}

it('has metrics of which the newest minute is often not there yet, some come minutes later, and some never', async () => {
  const metrics = new Metrics(timeline, new Random(7));
  metrics.measure('always', () => 1);
  const seen: (number | undefined)[][] = [];
  // Half a minute past each minute.
  for (let minutes = 1; minutes <= 600; minutes++) {
    await timeline.run(minutes * minute + minute / 2);
    seen.push(metrics.last('always', 10));
  }
  const missing = (back: number) =>
    seen.filter((values) => values.at(-1 - back) === undefined).length / seen.length;
  expect(missing(0)).toBeGreaterThan(0.2);
  expect(missing(0)).toBeLessThan(0.5);
  expect(missing(1)).toBeGreaterThan(0.03);
  expect(missing(1)).toBeLessThan(0.1);
  expect(missing(5)).toBeGreaterThan(0.002);
  expect(missing(5)).toBeLessThan(0.03);
});

it('has metrics that come up to 15 minutes late after six hours of sleep, and soon if somebody asks every minute', async () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);
  const asleep = await Promise.all(seeds.map((seed) => minutesUntilShown(false, seed)));
  const asked = await Promise.all(seeds.map((seed) => minutesUntilShown(true, seed)));
  expect(Math.max(...asleep)).toBeGreaterThan(10);
  expect(Math.max(...asleep)).toBeLessThanOrEqual(18);
  expect(Math.max(...asked)).toBeLessThanOrEqual(3);
});
