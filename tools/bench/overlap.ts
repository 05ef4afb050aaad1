import { stat } from 'node:fs/promises';
import { bareFfmpeg } from './lib/bare.ts';
import type { Bench } from './lib/bench.ts';
import { divideCores, keepSelfTo } from './lib/cores.ts';
import { measureChildren } from './lib/cpu.ts';
import { benchFilm } from './lib/film.ts';
import { describeCpu, runJob } from './lib/job.ts';
import { planFilm } from './lib/plan.ts';
import { startThrottle, type Throttle } from './lib/throttle.ts';

/** Transfer alone would take this share of the bare encode. */
const transferShare = 0.2;

export const overlap: Bench = {
  what: 'wall time of a whole job over that of bare ffmpeg on the same cores, with storage so slow that transfer alone takes 20 % of it',
  goal: 1.05,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 60 }));
    const cores = divideCores();
    using _kept = keepSelfTo(cores.others);
    // One part on both sides: cutting has a separate measurement.
    const environment = { PART_SECONDS: '3600' };
    await using planned = await planFilm(path, environment);
    const bare = await measureChildren(() =>
      bareFfmpeg(path, planned.plan, { audio: true, cores: cores.worker }),
    );
    log(`bare ffmpeg ${bare.wallSeconds.toFixed(1)} s, ${bare.cpuSeconds.toFixed(1)} s of CPU`);

    const unthrottled = await runJob({ film: path, cores: [cores.worker], environment: () => environment });
    log(describeCpu(unthrottled));
    const bytes = (await stat(path)).size + (unthrottled.state.film?.bytes ?? 0);
    const bytesPerSecond = bytes / (transferShare * bare.wallSeconds);
    log(`job, storage at full speed ${unthrottled.jobSeconds.toFixed(1)} s`);
    let throttle: Throttle | undefined;
    try {
      const job = await runJob({
        film: path,
        cores: [cores.worker],
        environment: () => {
          const url = throttle?.url ?? '';
          return { ...environment, SOURCE_ENDPOINT: url, OUTPUT_ENDPOINT: url };
        },
        prepare: async (farm) => {
          throttle = await startThrottle(farm.endpoint, bytesPerSecond);
        },
      });
      log(`job, storage at ${(bytesPerSecond / 1e6).toFixed(2)} MB/s ${job.jobSeconds.toFixed(1)} s`);
      log(describeCpu(job));
      log(
        `passed ${((throttle?.bytes() ?? 0) / 1e6).toFixed(1)} MB for ${(bytes / 1e6).toFixed(1)} MB of films`,
      );
      return {
        ratio: job.jobSeconds / bare.wallSeconds,
        more: {
          'with storage at full speed': unthrottled.jobSeconds / bare.wallSeconds,
          'CPU time of worker and its ffmpegs over that of bare ffmpeg': job.cpuSeconds / bare.cpuSeconds,
        },
      };
    } finally {
      await throttle?.[Symbol.asyncDispose]();
    }
  },
};
