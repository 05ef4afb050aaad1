import { cloudPoll, film, functionCalls, instance, minuteMs, plausible, sqs, task } from './constants.ts';
import type { Range } from './random.ts';

/** A film that wakes a farm, as far as the time follows from it until the film is whole. */
export interface WokenFilm {
  kind: 'gpu' | 'fargate' | 'function';
  /** At most, those that make the film together. */
  workers: number;
  /** Seconds of one worker's work in each part. */
  partSeconds: readonly number[];
}

const middleOf = ({ minMs, maxMs }: Range) => (minMs + maxMs) / 2000;
const middleOfAll = (...ranges: Range[]) => ranges.reduce((sum, range) => sum + middleOf(range), 0);

/** From the order of a worker until it takes a message. */
const bootSeconds = {
  gpu: middleOfAll(instance.order, plausible.join, task.place, task.pull, task.container, task.worker),
  fargate: middleOfAll(task.schedule, plausible.fargate, task.worker),
  function: middleOf(functionCalls.coldStart),
} as const;

/** From the upload until a worker is ordered. */
const announcedSeconds = {
  gpu: middleOf(plausible.topic),
  fargate: middleOf(plausible.topic),
  function: middleOfAll(plausible.topic, cloudPoll),
} as const;

/** From the planner's part requests until further workers are ordered: the waker looks once a minute, at numbers that are late. */
const calledSeconds = {
  gpu: minuteMs / 2000 + middleOf(sqs.countedAfter),
  fargate: minuteMs / 2000 + middleOf(sqs.countedAfter),
  function: middleOf(functionCalls.event),
} as const;

/**
 * Seconds from the upload to a sleeping farm until the film is whole: the middle of what the simulation draws at random, where nothing
 * goes wrong and nothing else is to be made. One worker is woken, plans and begins; the others come when it has asked for them.
 */
export function wholeSeconds({ kind, workers, partSeconds }: WokenFilm): number {
  const first = announcedSeconds[kind] + bootSeconds[kind] + middleOf(film.plan);
  const second = first + calledSeconds[kind] + bootSeconds[kind];
  const free = Array.from({ length: Math.max(1, Math.min(workers, partSeconds.length)) }, (_, nth) =>
    nth === 0 ? first : second,
  );
  const ends = partSeconds.map((seconds) => {
    const next = free.indexOf(Math.min(...free));
    const end = (free[next] ?? first) + middleOf(film.firstFrame) + seconds;
    free[next] = end;
    return end;
  });
  return Math.max(first, ...ends) + middleOf(film.assemble);
}
