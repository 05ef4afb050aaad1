import type { Bench } from './lib/bench.ts';
import { benchFilm } from './lib/film.ts';
import { runJob } from './lib/job.ts';

export const parts: Bench = {
  what: 'CPU and wall time of a film in parts of 60 s over the same film in one run (the larger ratio)',
  goal: 1.03,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 180 }));
    const whole = await runJob({ film: path, environment: () => ({ PART_SECONDS: '3600' }) });
    log(`one run: ${whole.jobSeconds.toFixed(1)} s, ${whole.cpuSeconds.toFixed(1)} s of CPU`);
    const cut = await runJob({ film: path, environment: () => ({ PART_SECONDS: '60' }) });
    log(`in parts: ${cut.jobSeconds.toFixed(1)} s, ${cut.cpuSeconds.toFixed(1)} s of CPU`);
    const cpu = cut.cpuSeconds / whole.cpuSeconds;
    const wall = cut.jobSeconds / whole.jobSeconds;
    const bytes = (cut.state.film?.bytes ?? 0) / (whole.state.film?.bytes ?? 1);
    return { ratio: Math.max(cpu, wall), more: { cpu, wall, bytes } };
  },
};
