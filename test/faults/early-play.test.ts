import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../cli/local-farm/worker.ts';
import { type FaultFarm, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { longFilm, putLongFilm } from '../helpers/media/long-film.ts';
import { startSharedFilm } from '../helpers/media/shared-film.ts';
import { until } from '../helpers/until.ts';

/** Three workers make a film of three parts and its sound; each run of ffmpeg takes longer than a lease lasts. */
let faults: FaultFarm;
const parts = 4;

beforeAll(async () => {
  faults = await startFaultFarm(
    { WORKERS_PER_FILM: '3', PART_SECONDS: '8', EARLY_PLAY: 'true' },
    { encodeSeconds: 8, visibilityTimeoutSeconds: 6 },
  );
  await putLongFilm(faults);
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const givesBack = 'gives a part back for one that players come to sooner';
const has = (worker: WorkerProcess, message: string) =>
  logLines(worker.log).some(({ msg }) => msg === message);

describe('a worker that makes the film’s first part', () => {
  it('is lost: another one drops its later part for it, and takes up the sound', async () => {
    const { id, lead, helpers } = await startSharedFilm(faults, { source: longFilm.key });
    lead.kill('SIGKILL');
    await until(() => helpers.some((helper) => has(helper, givesBack)), 'another to take it up', 30);
    await expectFilm(faults, id, { film: longFilm.film, timeoutSeconds: 60 });
    for (const helper of helpers)
      expect(logLines(helper.log).filter(({ level }) => Number(level) >= 50)).toEqual([]);
    const dropped = helpers.filter((helper) => has(helper, givesBack));
    expect(dropped).toHaveLength(1);
    const runs = await faults.runs();
    // The sound is made again beside the first part, not when there is no more to encode of the video.
    expect(runs.findLastIndex(isAudio)).toBeLessThan(runs.length - 1);
    // Each once, what the lost one had once more, and what was dropped.
    expect(runs.length).toBeLessThanOrEqual(parts + 3);
  });
});

const isAudio = (run: string) => run.includes('ebur128');
