import { setTimeout as sleep } from 'node:timers/promises';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { type FaultFarm, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { filesIn, processesIn } from '../helpers/local-farm/processes.ts';
import { longFilm, putLongFilm } from '../helpers/media/long-film.ts';
import { mutate, seededRandom } from '../helpers/media/mutations.ts';
import { makeFilms, smallFilmFrames } from '../helpers/media/small-films.ts';
import { startChaos } from './chaos.ts';
import { checkFilm, type SentFilm } from './check.ts';

export interface SoakOptions {
  jobs: number;
  /** Share of the jobs whose worker is lost while they run. */
  kill: number;
  /** Share of the jobs whose film is damaged. */
  mutants: number;
  workers: number;
  seed: number;
  log: (line: string) => void;
}

export interface SoakNumbers {
  seconds: number;
  jobs: number;
  succeeded: number;
  refused: number;
  lost: number;
  brokenFilms: number;
  workersKilled: number;
  workersStopped: number;
  workersHeldUp: number;
  outages: number;
  ffmpegRuns: number;
  deadLetters: number;
  openFiles: string;
  /** What should not have been. */
  faults: string[];
}

/** Jobs that wait at once: the queue is never empty, and the farm's memory holds few films. */
const backlog = 20;

/** Each so many jobs one is for a film of many parts, which all workers may make together. */
const longFilmEach = 10;

export async function runSoak(options: SoakOptions): Promise<SoakNumbers> {
  const { jobs, seed, log } = options;
  const startedAt = performance.now();
  const random = seededRandom(seed);
  await using farm = await startFaultFarm({
    MAX_ATTEMPTS: '5',
    PROBE_TIMEOUT_SECONDS: '20',
    WORKERS_PER_FILM: String(options.workers),
  });
  const films = await makeFilms(farm.folder);
  await putLongFilm(farm);
  const chaos = startChaos(farm, options, random);
  const ends = new Map<string, JobState>();
  const faults: string[] = [];
  const sent = new Map<string, SentFilm>();
  let brokenFilms = 0;

  let lastEndAt = performance.now();
  while (ends.size < jobs) {
    while (sent.size < jobs && sent.size - ends.size < backlog) await sendOne();
    for (const id of [...sent.keys()].filter((job) => !ends.has(job))) {
      const state = await finalState(farm, id);
      if (state === undefined) continue;
      ends.set(id, state);
      lastEndAt = performance.now();
      if (ends.size % 20 === 0) log(`${ends.size} of ${jobs} jobs ended`);
    }
    // Three minutes without an end: whatever is left is lost.
    if (performance.now() - lastEndAt > 180_000) break;
    await sleep(300);
  }

  const happened = await chaos.end();
  await quiet(farm);
  for (const [id, film] of sent) await check(id, film);
  const openFiles = await chaos.openFiles();
  const deadLetters = await farm.farm.backlog(farm.farm.deadLetterQueueUrl);
  const refused = [...ends.values()].filter(({ state }) => state === 'failed').length;
  if (deadLetters !== refused)
    faults.push(`${refused} jobs were refused, and there are ${deadLetters} dead letters`);
  const ffmpegRuns = (await farm.runs()).length;
  await chaos.stop();
  const workDir = farm.farm.env.WORK_DIR ?? '';
  const left = [...(await filesIn(workDir)), ...(await processesIn(workDir)).map((pid) => `process ${pid}`)];
  for (const thing of left) faults.push(`left behind: ${thing}`);

  return {
    seconds: Math.round((performance.now() - startedAt) / 1000),
    jobs: sent.size,
    succeeded: ends.size - refused,
    refused,
    lost: sent.size - ends.size,
    brokenFilms,
    ...happened,
    ffmpegRuns,
    deadLetters,
    openFiles,
    faults,
  };

  async function sendOne(): Promise<void> {
    const index = sent.size;
    const id = `soak-${index}`;
    if (index % longFilmEach === longFilmEach / 2) {
      sent.set(id, { damaged: false, frames: longFilm.film.frames });
      await farm.send({ id, source: longFilm.key });
      return;
    }
    const damaged = random() < options.mutants;
    const [extension, whole] = [...films][index % films.size] ?? ['mp4', Buffer.alloc(0)];
    const mutant = damaged ? mutate(films, seed * 100_003 + index) : { extension, file: whole };
    const source = `films/${index}.${mutant.extension}`;
    await farm.farm.put(source, mutant.file);
    sent.set(id, { damaged, frames: smallFilmFrames(extension) });
    await farm.send({ id, source });
  }

  async function check(id: string, film: SentFilm): Promise<void> {
    const state = ends.get(id);
    if (state === undefined) return void faults.push(`${id} was lost`);
    if (state.state === 'failed') {
      const why = `${state.error?.code}: ${state.error?.message}`;
      if (!film.damaged || state.error?.code === 'trouble') faults.push(`${id} failed, ${why}`);
      return;
    }
    for (const problem of await checkFilm(farm, id, film)) {
      brokenFilms += 1;
      faults.push(`${id}: ${problem}`);
    }
  }
}

async function finalState({ farm }: FaultFarm, id: string): Promise<JobState | undefined> {
  const text = await farm.read(`${id}/status.json`);
  const state = text === undefined ? undefined : (JSON.parse(text) as JobState);
  return state?.state === 'succeeded' || state?.state === 'failed' ? state : undefined;
}

/** Until the last messages are deleted. */
async function quiet({ farm }: FaultFarm): Promise<void> {
  for (let looks = 0; looks < 100 && (await farm.backlog()) > 0; looks++) await sleep(300);
}
