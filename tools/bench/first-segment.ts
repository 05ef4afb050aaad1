import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Bench } from './lib/bench.ts';
import { benchFilm } from './lib/film.ts';
import { runJob } from './lib/job.ts';

export const firstSegment: Bench = {
  what: "time from taking the job to the first media segment in storage, in units of one segment's encode time",
  goal: 2,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 60, width: 1920, height: 1080 }));
    let firstAt = 0;
    const { state } = await runJob({
      film: path,
      watch: (farm) => {
        const look = async () => {
          if (firstAt > 0) return;
          const { Contents = [] } = await farm.s3.send(
            new ListObjectsV2Command({ Bucket: farm.outputBucket }),
          );
          // The first of the video: sound is there long before.
          const segment = Contents.find(({ Key = '' }) => /\/\d+p\/\d+\.m4s$/.test(Key));
          if (segment) firstAt = segment.LastModified ? Date.now() : 0;
        };
        const timer = setInterval(() => void look().catch(() => undefined), 50);
        return () => clearInterval(timer);
      },
    });
    const segments = state.film?.renditions.find(({ kind }) => kind === 'video')?.segments ?? 1;
    const segmentSeconds = (state.timings.encodeSeconds ?? 0) / segments;
    const firstSeconds = (firstAt - Date.parse(state.startedAt ?? '')) / 1000;
    log(`first segment after ${firstSeconds.toFixed(2)} s; one segment takes ${segmentSeconds.toFixed(2)} s`);
    return { ratio: firstSeconds / segmentSeconds };
  },
};
