import type { Bench } from './lib/bench.ts';
import { allowedCores } from './lib/cores.ts';
import { benchFilm } from './lib/film.ts';
import { describeCpu, runJob } from './lib/job.ts';

/** A part is one segment, so that no worker waits long for the last part of another. */
const environment = { PART_SECONDS: '6', WORKERS_PER_FILM: '8' };

export const parallel: Bench = {
  what: 'K times the wall time of a film on K workers with a core each, over that of one such worker',
  // A speed-up of 0.85 K.
  goal: 1.176,
  async run({ film, log }) {
    const cores = allowedCores();
    if (cores.length < 2) throw new Error('Two cores are needed: a worker has one for itself.');
    const path = film ?? (await benchFilm({ seconds: 120 }));
    const one = await runJob({ film: path, environment: () => environment, cores: cores.slice(0, 1) });
    log(`one worker ${one.jobSeconds.toFixed(1)} s; ${describeCpu(one)}`);
    const many = await runJob({ film: path, environment: () => environment, cores });
    log(`${cores.length} workers ${many.jobSeconds.toFixed(1)} s; ${describeCpu(many)}`);
    const speedUp = one.jobSeconds / many.jobSeconds;
    return {
      ratio: cores.length / speedUp,
      more: { workers: cores.length, 'speed-up': speedUp },
      goals: [
        { what: 'CPU time of all over that of one', value: many.cpuSeconds / one.cpuSeconds, goal: 1.05 },
      ],
    };
  },
};
