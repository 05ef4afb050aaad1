import type { Bench } from './lib/bench.ts';
import { allowedCores } from './lib/cores.ts';
import { benchFilm } from './lib/film.ts';
import { describeCpu, runJob } from './lib/job.ts';

/** A part is one segment, and so is a clip: both films have as many parts, and as many frames. */
const clipSeconds = 6;
const clipCount = 10;
const environment = { PART_SECONDS: String(clipSeconds), WORKERS_PER_FILM: '8' };

export const joined: Bench = {
  what: 'wall time of a film of ten clips on K workers with a core each, over that of one film of the same length',
  goal: 1.1,
  async run({ film, log }) {
    const cores = allowedCores();
    const path = film ?? (await benchFilm({ seconds: clipSeconds * clipCount }));
    const one = await runJob({ film: path, environment: () => environment, cores });
    log(`one film ${one.jobSeconds.toFixed(1)} s; ${describeCpu(one)}`);
    // From the end to the start, so that no clip follows the one that it follows in its source.
    const clips = Array.from({ length: clipCount }, (_, n) => {
      const from = (clipCount - 1 - n) * clipSeconds;
      return { from, to: from + clipSeconds };
    });
    const many = await runJob({ film: path, clips, environment: () => environment, cores });
    log(`ten clips ${many.jobSeconds.toFixed(1)} s; ${describeCpu(many)}`);
    return {
      ratio: many.jobSeconds / one.jobSeconds,
      more: { workers: cores.length },
      goals: [
        {
          what: 'CPU time of the clips over that of the film',
          value: many.cpuSeconds / one.cpuSeconds,
          goal: 1.1,
        },
      ],
    };
  },
};
