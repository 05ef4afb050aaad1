import type { Plan } from '../../worker/src/plan/plan.ts';
import { bareFfmpeg } from './lib/bare.ts';
import type { Bench } from './lib/bench.ts';
import { measureChildren } from './lib/cpu.ts';
import { benchFilm } from './lib/film.ts';
import { planFilm } from './lib/plan.ts';

export const ladder: Bench = {
  what: 'CPU time of one process for the whole ladder over the sum of one process per rung, same settings',
  goal: 0.75,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 10, width: 1920, height: 1080 }));
    await using planned = await planFilm(path, { PART_SECONDS: '3600' });
    const { plan } = planned;
    const together = await measureChildren(() => bareFfmpeg(path, plan, { audio: false }));
    log(`together: ${together.cpuSeconds.toFixed(1)} s of CPU`);
    let apart = 0;
    for (const rendition of plan.video?.renditions ?? []) {
      const video = { ...(plan.video as NonNullable<Plan['video']>), renditions: [rendition] };
      const alone = await measureChildren(() => bareFfmpeg(path, { ...plan, video }, { audio: false }));
      log(`${rendition.name} alone: ${alone.cpuSeconds.toFixed(1)} s of CPU`);
      apart += alone.cpuSeconds;
    }
    return { ratio: together.cpuSeconds / apart };
  },
};
