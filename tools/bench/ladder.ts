import type { Plan, VideoPlan } from '../../worker/src/plan/plan.ts';
import { bareFfmpeg } from './lib/bare.ts';
import type { Bench } from './lib/bench.ts';
import { measureChildren } from './lib/cpu.ts';
import { benchFilm } from './lib/film.ts';
import { planFilm } from './lib/plan.ts';
import { decodeSeconds, preparedSeconds } from './lib/split.ts';

export const ladder: Bench = {
  what: 'CPU time of one process for the whole ladder over the sum of one process per rung, same settings',
  goal: 0.75,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 10, width: 1920, height: 1080 }));
    const { X264_PRESET = 'veryfast' } = process.env;
    await using planned = await planFilm(path, { PART_SECONDS: '3600', X264_PRESET });
    const { plan } = planned;
    const { video } = plan;
    if (!video) throw new TypeError('This film has no picture.');
    log(`x264 ${video.encoder.preset}`);
    const encodeTogether = () => bareFfmpeg(path, plan, { audio: false });
    const together = (await measureChildren(encodeTogether)).cpuSeconds;
    const prepared = await preparedSeconds(path, plan, video);
    const decode = await decodeSeconds(path, video);
    log(
      `together: ${together.toFixed(1)} s of CPU, of them ${decode.toFixed(1)} to decode and ${(prepared - decode).toFixed(1)} to scale`,
    );
    let apart = 0;
    let encode = 0;
    for (const rendition of video.renditions) {
      const alone = await aloneSeconds(path, plan, { ...video, renditions: [rendition] });
      log(
        `${rendition.name} alone: ${alone.all.toFixed(1)} s of CPU, of them ${alone.encode.toFixed(1)} to encode`,
      );
      apart += alone.all;
      encode += alone.encode;
    }
    return {
      ratio: together / apart,
      more: {
        'share of decoding in the whole ladder': decode / together,
        'ratio with one decode and no scaling, the lowest that there is': (decode + encode) / apart,
      },
    };
  },
};

async function aloneSeconds(path: string, plan: Plan, video: VideoPlan) {
  const encoded = await measureChildren(() => bareFfmpeg(path, { ...plan, video }, { audio: false }));
  const all = encoded.cpuSeconds;
  return { all, encode: all - (await preparedSeconds(path, plan, video)) };
}
