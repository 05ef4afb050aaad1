import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toolPath } from '../../helpers/ffmpeg/tool-path.ts';
import { script } from '../../helpers/local-farm/fault-farm.ts';
import { functionLog, functionsFor } from '../../helpers/local-farm/functions.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { makeCountedFilm } from '../../helpers/media/counted-film.ts';
import { until } from '../../helpers/until.ts';

/** A film of eight parts and a sound. */
const film = { key: 'films/long.mp4', parts: 9 };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let farm: TestFarm;
/** Three parts fit into a call. */
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
  slow.FFMPEG_PATH = await slowFfmpeg(2);
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

  it('is continued by the next invocation when the time of one is over', async () => {
    const options = { env: slow, dir: folder.path, concurrency: 2, timeoutSeconds: 10 };
    await using functions = await functionsFor(farm, options);
    const id = await farm.sendJob({ source: film.key });
    await farm.waitFor(id, 'succeeded');
    const lines = functionLog(functions);
    expect(lines.filter(({ msg }) => msg === 'part recorded').length).toBe(film.parts);
    expect(lines.some(({ msg }) => /no time for more/.test(msg))).toBe(true);
    // Each of them answered before it was killed: a process is used again.
    expect(functions.functions.environments.length).toBeLessThanOrEqual(3);
  });
});

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
