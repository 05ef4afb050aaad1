import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FarmFunctions } from '../../../cli/local-farm/functions/start.ts';
import { toolPath } from '../../helpers/ffmpeg/tool-path.ts';
import { script } from '../../helpers/local-farm/fault-farm.ts';
import { functionLog, functionsFor } from '../../helpers/local-farm/functions.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { logLines } from '../../helpers/local-farm/worker-log.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { makeCountedFilm } from '../../helpers/media/counted-film.ts';
import { until } from '../../helpers/until.ts';

/** A film of eight parts and a sound. */
const film = { key: 'films/long.mp4', parts: 9 };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let farm: TestFarm;
/** Time to do something to an invocation. */
const slow: { FFMPEG_PATH?: string } = {};

beforeAll(async () => {
  folder = await temporaryFolder();
  farm = await startLocalFarm({
    env: {
      ENCODER: 'x264',
      X264_PRESET: 'ultrafast',
      SEGMENT_SECONDS: '2',
      PART_SECONDS: '2',
      SOURCE_PREFIX: 'inbox/',
      VISIBILITY_TIMEOUT_SECONDS: '8',
    },
  });
  const path = join(folder.path, 'long.mp4');
  await makeCountedFilm(path, { size: [160, 120], seconds: 16 });
  await farm.put(film.key, path);
  slow.FFMPEG_PATH = await slowFfmpeg(1);
});
afterAll(async () => {
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

describe('a film that functions make', () => {
  it('is byte for byte the film of one worker', async () => {
    await using functions = await functionsFor(farm, { dir: folder.path });
    const shared = await farm.sendJob({ source: film.key });
    const state = await farm.waitFor(shared, 'succeeded');
    const recorded = functionLog(functions).filter(({ msg }) => msg === 'part recorded');
    expect(recorded.length).toBe(film.parts);
    expect(functions.functions.environments.length).toBeGreaterThan(1);
    await until(async () => (await farm.backlog()) === 0, 'the message to be deleted');
    await functions[Symbol.asyncDispose]();
    const alone = await farm.sendJob({ source: film.key });
    const worker = farm.startWorker();
    const { film: whole } = await farm.waitFor(alone, 'succeeded');
    await worker.stop();
    expect(state.film?.plan).toBe(whole?.plan);
    expect(await mediaOf(shared)).toEqual(await mediaOf(alone));
  });

  it('is made again by nobody when the process of a part is killed, but for that part', async () => {
    await using functions = await functionsFor(farm, { env: slow, dir: folder.path });
    const id = await farm.sendJob({ source: film.key });
    const victim = await found(functions, ({ busy }) => busy.find(({ log }) => says(log, 'joined a film')));
    victim.kill();
    await farm.waitFor(id, 'succeeded');
    const sent = functionLog(functions).filter(({ msg }) => msg === 'sent part requests');
    expect(sent.length, 'the planner that was there goes on').toBe(1);
    const recorded = functionLog(functions).filter(({ msg }) => msg === 'part recorded');
    expect(recorded.length).toBe(film.parts);
  });

  it('is committed although the planner is killed, and its message comes back', async () => {
    await using functions = await functionsFor(farm, { env: slow, dir: folder.path });
    const id = await farm.sendJob({ source: film.key });
    const planner = await found(functions, ({ busy }) =>
      busy.find(({ log }) => says(log, 'sent part requests')),
    );
    planner.kill();
    await farm.waitFor(id, 'succeeded');
    await until(async () => (await farm.backlog()) === 0, 'the message to come back and be deleted', 30);
    const recorded = functionLog(functions).filter(({ msg }) => msg === 'part recorded');
    expect(new Set(recorded.map(({ part }) => part)).size).toBe(film.parts);
  });

  it('is continued by the next invocation when the time of one is over', async () => {
    const options = { env: slow, dir: folder.path, concurrency: 2, timeoutSeconds: 6 };
    await using functions = await functionsFor(farm, options);
    const id = await farm.sendJob({ source: film.key });
    await farm.waitFor(id, 'succeeded');
    const lines = functionLog(functions);
    expect(lines.filter(({ msg }) => msg === 'part recorded').length).toBe(film.parts);
    expect(lines.some(({ msg }) => /no time for more/.test(msg))).toBe(true);
    // Each of them answered before it was killed: a process is used again.
    expect(functions.functions.environments.length).toBeLessThanOrEqual(3);
  });

  it('is refused with a reason when a part does not fit into an invocation', async () => {
    const FFMPEG_PATH = await slowFfmpeg(30);
    const options = { env: { FFMPEG_PATH }, dir: folder.path, concurrency: 1, timeoutSeconds: 4 };
    await using _ = await functionsFor(farm, options);
    const id = await farm.sendJob({ source: film.key });
    const { error } = await farm.waitFor(id, 'failed');
    expect(error).toMatchObject({
      code: 'too-long-for-function',
      message: expect.stringContaining('"compute: fargate"'),
    });
  });
});

/** The first that is there. */
async function found<T>(
  { functions }: FarmFunctions,
  look: (functions: FarmFunctions['functions']) => T | undefined,
): Promise<T> {
  let seen: T | undefined;
  await until(() => {
    seen = look(functions);
    return seen !== undefined;
  }, 'an invocation');
  return seen as T;
}

const says = (log: readonly string[], message: string) => logLines(log).some(({ msg }) => msg === message);

async function slowFfmpeg(seconds: number): Promise<string> {
  return script(folder.path, `slow-ffmpeg-${seconds}`, [
    `case "$*" in *-version*|*-buildconf*) ;; *) sleep ${seconds};; esac`,
    `exec ${toolPath('ffmpeg')} "$@"`,
  ]);
}

/** Hashes of a job's media, by name. */
async function mediaOf(jobId: string): Promise<Record<string, string>> {
  const keys = (await farm.keys(`${jobId}/`)).filter((key) => /\.(m4s|mp4|m3u8|jpg)$/.test(key));
  const hashes = keys.map(async (key) => {
    const hash = createHash('sha256').update(await farm.readBytes(key));
    return [key.slice(jobId.length), hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}
