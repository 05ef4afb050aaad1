import { hourMs, minuteMs } from './constants.ts';
import type { SpotStorm } from './group.ts';
import { Random } from './random.ts';

/** Films that come, and when Spot goes. */
export interface Workload {
  name: string;
  what: string;
  films: { atMs: number; seconds: number }[];
  storms?: SpotStorm[];
  /** What always runs is paid for until then at least. */
  untilMs: number;
}

const dayMs = 24 * hourMs;
const match = 7200;
const episode = 1200;
const clip = 120;

/** A night, in which queues fall asleep. */
const nightMs = 12 * hourMs;

export function oneFilmADay(seed: number, days = 60): Workload {
  const random = new Random(seed);
  const films = Array.from({ length: days }, (_, day) => ({
    atMs: nightMs + day * dayMs + random.within({ minMs: 0, maxMs: nightMs }),
    seconds: match,
  }));
  return { name: 'one film a day', what: '2 h each, 60 days', films, untilMs: nightMs + days * dayMs };
}

export function matchDay(seed: number): Workload {
  const random = new Random(seed);
  const films = Array.from({ length: 30 }, () => ({
    atMs: nightMs + random.within({ minMs: 0, maxMs: hourMs }),
    seconds: match,
  })).sort((a, b) => a.atMs - b.atMs);
  return { name: 'match day', what: '30 films of 2 h within an hour', films, untilMs: nightMs + hourMs };
}

export function steadyStream(seed: number): Workload {
  const untilMs = nightMs + 3 * dayMs;
  const films = arrivals(seed, 10 * minuteMs, untilMs, episode);
  return { name: 'steady stream', what: '20 min each, one in 10 min, 3 days', films, untilMs };
}

export function backlog(seed: number): Workload {
  const random = new Random(seed);
  const films = Array.from({ length: 10_000 }, () => ({
    atMs: nightMs + random.within({ minMs: 0, maxMs: 10 * minuteMs }),
    seconds: clip,
  })).sort((a, b) => a.atMs - b.atMs);
  return { name: 'backlog of 10,000', what: '2 min each, all within 10 min', films, untilMs: nightMs };
}

export function spotStorms(seed: number): Workload {
  const untilMs = nightMs + 2 * dayMs;
  const films = arrivals(seed, hourMs / 2, untilMs, match);
  const storms = Array.from({ length: 16 }, (_, index) => {
    const fromMs = nightMs + (3 * index + 1) * hourMs;
    return { fromMs, untilMs: fromMs + hourMs / 2 };
  });
  return {
    name: 'Spot storms',
    what: '2 h each, one in 30 min, 2 days; every 3 h all Spot is gone for 30 min',
    films,
    storms,
    untilMs,
  };
}

/** One film on a farm that sleeps. */
export function singleFilm(): Workload {
  return { name: 'one film', what: '2 h', films: [{ atMs: nightMs, seconds: match }], untilMs: nightMs };
}

function arrivals(seed: number, meanMs: number, untilMs: number, seconds: number): Workload['films'] {
  const random = new Random(seed);
  const films: Workload['films'] = [];
  let atMs = nightMs + random.untilNext(meanMs);
  for (; atMs < untilMs; atMs += random.untilNext(meanMs)) films.push({ atMs, seconds });
  return films;
}
