import type { LocalFarm } from '../../cli/local-farm/farm.ts';
import type { Bench } from './lib/bench.ts';
import { benchFilm } from './lib/film.ts';
import { runJob } from './lib/job.ts';
import { readKeyTimes } from './lib/keys.ts';

export const firstSegment: Bench = {
  what: "time from taking the job to the first media segment in storage, in units of one segment's encode time",
  goal: 2,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 60, width: 1920, height: 1080 }));
    let seen = new Map<string, number>();
    // The first of the video: sound is there long before.
    const video = { video: /\/\d+p\/\d+\.m4s$/ };
    const watch = (farm: LocalFarm) => async () => {
      seen = await readKeyTimes(farm, video);
    };
    const { state } = await runJob({ film: path, watch });
    const segments = state.film?.renditions.find(({ kind }) => kind === 'video')?.segments ?? 1;
    const segmentSeconds = (state.timings.encodeSeconds ?? 0) / segments;
    const firstSeconds = ((seen.get('video') ?? 0) - Date.parse(state.startedAt ?? '')) / 1000;
    log(`first segment after ${firstSeconds.toFixed(2)} s; one segment takes ${segmentSeconds.toFixed(2)} s`);
    return { ratio: firstSeconds / segmentSeconds };
  },
};
