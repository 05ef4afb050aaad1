import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { FarmFunctions } from '../../cli/local-farm/functions/start.ts';
import { toolPath } from '../helpers/ffmpeg/tool-path.ts';
import { type FaultFarm, script, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { functionLog, functionsFor } from '../helpers/local-farm/functions.ts';
import { expectFilm, expectRefused } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { makeCountedFilm } from '../helpers/media/counted-film.ts';
import { longFilm, putLongFilm } from '../helpers/media/long-film.ts';
import { seededRandom } from '../helpers/media/mutations.ts';
import { isStrict } from '../helpers/strictness.ts';
import { until } from '../helpers/until.ts';

/**
 * Functions make a film of twelve parts and a sound, four at once; each run of ffmpeg takes half a second more than it needs. A
 * message that no one holds comes back after 4 s, a part that no one makes is taken over after 2.
 *
 * Parts are counted by what calls log. Against strict services one that is killed while storage owes it an answer logs nothing.
 */
let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm(
    { WORKERS_PER_FILM: '4' },
    { encodeSeconds: 0.5, visibilityTimeoutSeconds: 4 },
  );
  await putLongFilm(faults);
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const start = (options: { timeoutSeconds?: number; env?: object } = {}) =>
  functionsFor(faults.farm, { dir: faults.folder, concurrency: 4, ...options });
const send = () => faults.send({ source: longFilm.key });
const whole = (id: string) => expectFilm(faults, id, { film: longFilm.film, timeoutSeconds: 120 });

it.each([11, 12, 13])(
  'a film is whole and reported once although functions are killed at any moment (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const functions = await start();
    const id = await send();
    const killing = kill(functions, random, 6);
    await faults.farm.waitFor(id, 'succeeded', 120);
    await killing;
    await whole(id);
    await functions[Symbol.asyncDispose]();
  },
);

it('a killed call costs the part that it had in hand, and the planner goes on', async () => {
  await using functions = await start();
  const id = await send();
  const victim = await found(functions, ({ busy }) => busy.find(({ log }) => says(log, 'joined a film')));
  victim.kill();
  await whole(id);
  const lines = functionLog(functions);
  expect(lines.filter(({ msg }) => msg === 'sent part requests').length).toBe(1);
  if (!isStrict) expect(lines.filter(({ msg }) => msg === 'part recorded').length).toBe(longFilm.parts);
});

it('a killed planner’s job goes on with the other calls, and its message comes back', async () => {
  await using functions = await start();
  const id = await send();
  const planner = await found(functions, ({ busy }) =>
    busy.find(({ log }) => says(log, 'sent part requests')),
  );
  planner.kill();
  await whole(id);
  const parts = functionLog(functions).filter(({ msg }) => msg === 'part recorded');
  if (!isStrict) expect(new Set(parts.map(({ part }) => part)).size).toBe(longFilm.parts);
});

it('a film is whole although the function is killed in the middle of a part of its audio', async () => {
  const spoken = { key: 'films/spoken.mp4', seconds: 30, parts: { video: 15, audio: 2 } };
  const path = join(faults.folder, 'spoken.mp4');
  await makeCountedFilm(path, { size: longFilm.film.size, seconds: spoken.seconds });
  await faults.farm.put(spoken.key, path);
  const { FFMPEG_PATH, killed } = await murderousFfmpeg();
  await using functions = await start({ env: { FFMPEG_PATH } });
  const id = await faults.send({ source: spoken.key });
  const film = { ...longFilm.film, frames: 750, segments: 15, audioSeconds: [30] };
  await expectFilm(faults, id, { film, timeoutSeconds: 120 });
  expect(await readdir(killed)).toHaveLength(1);
  const recorded = functionLog(functions).filter(({ msg }) => msg === 'part recorded');
  const { video, audio } = spoken.parts;
  if (!isStrict) expect(new Set(recorded.map(({ part }) => part)).size).toBe(video + audio);
});

it('a part that does not fit into a call fails the job with a reason, and not for ever', async () => {
  const FFMPEG_PATH = await script(faults.folder, 'endless-ffmpeg', [
    `case "$*" in *-version*|*-buildconf*) ;; *) sleep 30;; esac`,
    `exec ${toolPath('ffmpeg')} "$@"`,
  ]);
  await using _ = await functionsFor(faults.farm, {
    ...{ dir: faults.folder, concurrency: 1, timeoutSeconds: 5 },
    env: { FFMPEG_PATH },
  });
  const { error } = await expectRefused(faults, await send(), 'too-long-for-function', 90);
  expect(error?.message).toContain('"compute: fargate"');
});

it('a film is whole although every function is killed when it has recorded some parts', async () => {
  const first = await start();
  const id = await send();
  const recorded = () => functionLog(first).filter(({ msg }) => msg === 'part recorded').length;
  while (recorded() < 4) await sleep(50);
  for (const environment of first.functions.environments) environment.kill();
  await first[Symbol.asyncDispose]();
  const second = await start();
  await whole(id);
  const made = functionLog(second).filter(({ msg }) => msg === 'part recorded').length;
  expect(made).toBeLessThanOrEqual(longFilm.parts - 3);
  await second[Symbol.asyncDispose]();
});

it('a film whose part fails every time fails once, after as many tries as a worker makes', async () => {
  const env = { FFMPEG_PATH: await poisonedFfmpeg(), MAX_ATTEMPTS: '2' };
  const functions = await start({ env });
  const id = await send();
  await expectRefused(faults, id, 'trouble', 120);
  await functions[Symbol.asyncDispose]();
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
  }, 'a call');
  return seen as T;
}

const says = (log: readonly string[], message: string) => logLines(log).some(({ msg }) => msg === message);

/** Kills a function that has a call in hand, now and then. */
async function kill({ functions }: FarmFunctions, random: () => number, times: number): Promise<void> {
  for (let nth = 0; nth < times; nth += 1) {
    await sleep(200 + random() * 1500);
    const { busy } = functions;
    busy[Math.floor(random() * busy.length)]?.kill();
  }
}

/** Kills the function that runs it while it makes a part of the audio, the first time. */
async function murderousFfmpeg(): Promise<{ FFMPEG_PATH: string; killed: string }> {
  const killed = join(faults.folder, 'killed');
  await mkdir(killed);
  const real = `"${faults.farm.env.FFMPEG_PATH}"`;
  const FFMPEG_PATH = await script(faults.folder, 'murderous-ffmpeg', [
    'case "$*" in',
    `  *libx264*) ;;`,
    `  *aac*) if mkdir "${killed}/once" 2>/dev/null; then ${real} -readrate 4 "$@" & sleep 1; kill -9 $PPID; wait; exit 1; fi;;`,
    'esac',
    `exec ${real} "$@"`,
  ]);
  return { FFMPEG_PATH, killed };
}

/** Fails in the part from the 12th second. */
function poisonedFfmpeg(): Promise<string> {
  return script(faults.folder, 'poisoned-function-ffmpeg', [
    'case "$*" in *"-ss 12 "*) sleep 0.2; exit 1;; esac',
    `exec ${faults.farm.env.FFMPEG_PATH} "$@"`,
  ]);
}
