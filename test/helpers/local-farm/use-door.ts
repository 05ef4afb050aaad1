import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { FarmFunctions } from '../../../cli/local-farm/functions/start.ts';
import { temporaryFolder } from '../media/clips.ts';
import { makeCountedFilm } from '../media/counted-film.ts';
import { until } from '../until.ts';
import { functionsFor, functionsOf } from './functions.ts';
import { startLocalFarm, type TestFarm } from './local-farm.ts';

/** Six parts and a sound. */
export const doorFilm = { key: 'films/film.mp4', seconds: 12, parts: [0, 1, 2, 3, 4, 5, 6] };

type FunctionEnvironment = Parameters<typeof functionsFor>[1]['env'];

/** For all tests of a file: a farm in which functions get each job first, with `doorFilm` and a file that is no film. */
export function useDoor() {
  const asked: string[] = [];
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let farm: TestFarm;

  beforeAll(async () => {
    folder = await temporaryFolder();
    farm = await startLocalFarm({
      door: { functionsPerFilm: 2 },
      visibilityTimeoutSeconds: 4,
      env: {
        ENCODER: 'x264',
        X264_PRESET: 'ultrafast',
        SEGMENT_SECONDS: '2',
        PART_SECONDS: '2',
        SOURCE_PREFIX: 'inbox/',
        WORKERS_PER_FILM: '2',
      },
    });
    const path = join(folder.path, 'film.mp4');
    await makeCountedFilm(path, { size: [160, 120], seconds: doorFilm.seconds });
    await farm.put(doorFilm.key, path);
    await writeFile(join(folder.path, 'notes.mp4'), 'not a film at all');
    await farm.put('films/notes.mp4', join(folder.path, 'notes.mp4'));
  });
  afterAll(async () => {
    await farm.stop();
    await folder[Symbol.asyncDispose]();
  });

  const options = (env: FunctionEnvironment) => ({
    env: { WAKER_FUNCTION: 'waker', WORKERS_PER_FILM: '2', ...env },
    dir: folder.path,
    others: { waker: (event: string) => asked.push(event) },
  });

  return {
    /** What the functions have asked of the waker since they were started. */
    asked,
    get farm() {
      return farm;
    },
    /** Functions for one test. */
    start: (env: FunctionEnvironment = {}) => {
      asked.length = 0;
      return functionsFor(farm, options(env));
    },
    /** Functions for all tests of the file. */
    startOnce: () => {
      const { promise, resolve } = Promise.withResolvers<FarmFunctions>();
      beforeAll(async () => resolve(await functionsOf(farm, options({}))));
      afterAll(async () => (await promise)[Symbol.asyncDispose]());
      return promise;
    },
    done: (id: string) => farm.waitFor(id, 'succeeded'),
    /** Until a queue has no message, by default the one before the jobs. */
    empty: (queueUrl = farm.doorQueueUrl) =>
      until(async () => (await farm.backlog(queueUrl)) === 0, 'the message to be deleted'),
  };
}

/** The parts that these log lines say were recorded. */
export const recordedParts = (lines: { msg?: string; part?: number }[]) =>
  lines.flatMap(({ msg, part }) => (msg === 'part recorded' ? [part] : []));
