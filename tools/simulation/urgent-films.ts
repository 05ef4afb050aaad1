import { film as filmConstants, hourMs, minuteMs } from './constants.ts';
import { Film, workOfParts } from './film.ts';
import { quantile } from './measure.ts';
import { Queue } from './queue.ts';
import { Random } from './random.ts';
import { workerSpeed } from './speed.ts';
import type { Stack } from './stack.ts';
import { table } from './table.ts';
import { Timeline } from './timeline.ts';
import { type Lane, Worker } from './worker.ts';

const bulkFilms = 10_000;
const urgentFilms = 200;
const filmSeconds = 1200;
const retentionMs = 14 * 24 * hourMs;

/** Of the urgent films among the bulk ones. */
export interface UrgentFilms {
  /** From the job's sending to the first encoded frame, in seconds. */
  firstFrameSeconds: number[];
  /** Bulk films that were whole when the last urgent one was. */
  bulkDone: number;
}

export interface UrgentOptions {
  workers: number;
  /** Seconds of film in a second of a worker's work. */
  speed: number;
  seed: number;
  /** Whether the urgent films have a lane of their own. */
  hasLanes: boolean;
}

/**
 * Workers that always run, with 10,000 bulk films in line, and now and then an urgent one. Nothing is scaled: what is looked at is how
 * soon a busy worker turns to it.
 */
export async function simulateUrgent({
  workers,
  speed,
  seed,
  hasLanes,
}: UrgentOptions): Promise<UrgentFilms> {
  const timeline = new Timeline();
  const random = new Random(seed);
  const openLane = (name: string): Lane => ({
    jobs: new Queue(`jobs-${name}`, retentionMs, timeline, random.fork()),
    parts: new Queue(`parts-${name}`, retentionMs, timeline, random.fork()),
  });
  const bulk = openLane('bulk');
  const urgent = hasLanes ? openLane('urgent') : bulk;
  const lanes = hasLanes ? [urgent, bulk] : [bulk];
  let bulkDone = 0;
  const world = {
    timeline,
    random: random.fork(),
    ...bulk,
    lanes,
    traits: {
      visibilityMs: 2 * minuteMs,
      holds: true,
      protects: true,
      givesBack: true,
      inParts: true,
      workersPerFilm: Math.max(1, workers - 1),
    },
    onFilmDone: (film: Film) => {
      if (film.id < bulkFilms) bulkDone += 1;
    },
  };
  const makeFilm = (id: number, lane: Lane) => {
    const film = new Film(id, timeline.nowMs, workOfParts(filmSeconds, speed));
    film.lane = lanes.indexOf(lane);
    lane.jobs.send('job', film);
    return film;
  };
  for (let id = 0; id < bulkFilms; id += 1) makeFilm(id, bulk);
  for (let nth = 0; nth < workers; nth += 1) {
    const worker = new Worker(`worker-${nth}`, `machine-${nth}`, world, {
      protect: () => {},
      idle: () => {},
    });
    // Not all in step.
    timeline.after(random.within({ minMs: 0, maxMs: 10 * minuteMs }), () => worker.poll());
  }
  const films: Film[] = [];
  let atMs = 20 * minuteMs;
  for (let id = bulkFilms; id < bulkFilms + urgentFilms; id += 1) {
    // Seldom enough that one is done when the next one comes.
    atMs += random.within({ minMs: 20 * minuteMs, maxMs: 40 * minuteMs });
    timeline.at(atMs, () => void films.push(makeFilm(id, urgent)));
  }
  await timeline.run(atMs + 2 * hourMs);
  const seconds = films.map(
    ({ encodingStartedAtMs = Number.POSITIVE_INFINITY, arrivedAtMs }) =>
      (encodingStartedAtMs - arrivedAtMs) / 1000,
  );
  return { firstFrameSeconds: seconds, bulkDone };
}

/** How soon an urgent film's first frame is encoded, on farms of several sizes whose workers are all busy with bulk films. */
export async function urgentAmongBulk(stack: Stack, seed: number, log: (line: string) => void) {
  const speed = workerSpeed(stack, 30).expected;
  const partSeconds = filmConstants.partSeconds / speed;
  const runs = [];
  for (const [workers, hasLanes] of [
    [1, true],
    [3, true],
    [10, true],
    [3, false],
  ] as const) {
    const { firstFrameSeconds } = await simulateUrgent({ workers, speed, seed, hasLanes });
    const [p50, p95] = [quantile(firstFrameSeconds, 0.5), quantile(firstFrameSeconds, 0.95)];
    runs.push({ workers, hasLanes, p50, p95 });
  }
  log('');
  log(
    `an urgent film of 20 min among 10,000 bulk ones, all workers busy, ${urgentFilms} times: seconds until its first frame; a part takes ${partSeconds.toFixed(0)} s (never: not within 100 h)`,
  );
  const text = (seconds: number) => (Number.isFinite(seconds) ? seconds.toFixed(0) : 'never');
  const rows = runs.map(({ workers, hasLanes, p50, p95 }) => [
    `${workers} ${workers === 1 ? 'worker' : 'workers'}${hasLanes ? '' : ', without lanes'}`,
    text(p50),
    text(p95),
  ]);
  for (const line of table([['', 'p50', 'p95'], ...rows])) log(line);
  return { p95PerPart: (runs[1]?.p95 ?? Number.NaN) / partSeconds };
}
