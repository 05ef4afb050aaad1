import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionLog, functionsFor } from '../../helpers/local-farm/functions.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { logLines } from '../../helpers/local-farm/worker-log.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { makeCountedFilm } from '../../helpers/media/counted-film.ts';
import { until } from '../../helpers/until.ts';

/** Six parts and a sound. */
const film = { key: 'films/film.mp4', seconds: 12, parts: 7 };

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
  await makeCountedFilm(path, { size: [160, 120], seconds: film.seconds });
  await farm.put(film.key, path);
  await writeFile(join(folder.path, 'notes.mp4'), 'not a film at all');
  await farm.put('films/notes.mp4', join(folder.path, 'notes.mp4'));
});
afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

const asked: string[] = [];
const door = (env: Parameters<typeof functionsFor>[1]['env'] = {}) => {
  asked.length = 0;
  return functionsFor(farm, {
    env: { WAKER_FUNCTION: 'waker', WORKERS_PER_FILM: '2', ...env },
    dir: folder.path,
    others: { waker: (event) => asked.push(event) },
  });
};
const recorded = (lines: { msg?: string; part?: number }[]) =>
  lines.flatMap(({ msg, part }) => (msg === 'part recorded' ? [part] : []));
const ended = (queueUrl = farm.doorQueueUrl) =>
  until(async () => (await farm.backlog(queueUrl)) === 0, 'the message to be deleted');

describe('a function before the jobs queue', () => {
  it('makes a film that it can make soon, with other calls, and starts no worker', async () => {
    await using functions = await door();
    const { expected, film: made } = await done(await farm.sendJob({ source: film.key }));
    expect(made?.durationSeconds).toBeCloseTo(film.seconds, 0);
    expect(expected).toBeUndefined();
    expect(recorded(functionLog(functions)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(functions.functions.environments.length).toBeGreaterThan(1);
    expect(asked).toEqual([]);
    expect(await farm.backlog()).toBe(0);
    await ended();
  });

  it('refuses what no worker could make, and starts no worker for it', async () => {
    await using _ = await door();
    const { error } = await farm.waitFor(await farm.sendJob({ source: 'films/notes.mp4' }), 'failed');
    expect(error?.code).toBe('not-media');
    expect(asked).toEqual([]);
    expect(await farm.backlog()).toBe(0);
    await ended();
  });

  it('leaves a film to workers that encode otherwise, and says how long it is and how many can make it', async () => {
    await using functions = await door({ WORKERS_ENCODER: 'nvenc', DOOR_BUDGET_SECONDS: '0.001' });
    const id = await farm.sendJob({ source: film.key });
    const state = await farm.waitFor(id, 'queued');
    expect(state.expected).toEqual({ durationSeconds: expect.closeTo(film.seconds, 0), workers: 1 });
    await until(async () => (await farm.backlog()) === 1, 'the message to be passed on');
    await ended();
    expect(asked).toEqual(['{"workers":1}']);
    expect(recorded(functionLog(functions))).toEqual([]);
    const worker = farm.startWorker();
    const { requestId, attempt } = await done(id);
    expect([requestId, attempt]).toEqual([state.requestId, 1]);
    await ended(farm.queueUrl);
    await worker.stop();
  });

  it('makes a long film together with workers that encode alike: each part is made once, by whoever is free', async () => {
    const worker = farm.startWorker();
    await using functions = await door({ DOOR_BUDGET_SECONDS: '0.001' });
    const id = await farm.sendJob({ source: film.key });
    const { film: made } = await done(id);
    await Promise.all([farm.doorQueueUrl, farm.queueUrl, farm.partsQueueUrl].map((url) => ended(url)));
    await worker.stop();
    expect(asked).toEqual(['{"workers":2}']);
    const byFunctions = recorded(functionLog(functions));
    const byWorker = recorded(logLines(worker.log).filter(({ job }) => job === id));
    expect([...byFunctions, ...byWorker].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(byWorker.length).toBeGreaterThan(0);
    expect(made?.durationSeconds).toBeCloseTo(film.seconds, 0);
  });

  it('that can start no call loses no job: after three tries each goes to the workers', async () => {
    await using _ = await door({ FFMPEG_PATH: '/bin/false' });
    const id = await farm.sendJob({ source: film.key });
    const worker = farm.startWorker();
    await done(id);
    await worker.stop();
  });
});

const done = (id: string) => farm.waitFor(id, 'succeeded');
