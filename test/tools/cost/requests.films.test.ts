import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planFilm } from '../../../tools/bench/lib/plan.ts';
import { countPuts } from '../../../tools/cost/requests.ts';
import { tone, x264 } from '../../helpers/local-farm/use-farm.ts';
import { ffmpeg } from '../../helpers/media/clips.ts';
import { noise, pattern } from '../../helpers/media/pattern.ts';
import { startTranscoding, type Transcoding } from '../../helpers/media/transcoding.ts';

describe('requests', () => {
  let transcoding: Transcoding;
  const keys: string[] = [];
  beforeAll(async () => {
    transcoding = await startTranscoding();
    const { output } = transcoding.stores;
    const put = output.put.bind(output);
    output.put = (key, body, options) => {
      keys.push(key);
      return put(key, body, options);
    };
    // What is there with the same bytes is not written again (test/worker/storage/unless-same.test.ts).
    const putFile = output.putFile.bind(output);
    output.putFile = (key, path, options) => {
      if (options.unlessSame && !keys.includes(key)) keys.push(key);
      return putFile(key, path, options);
    };
  });
  afterAll(() => transcoding[Symbol.asyncDispose]());

  it.each(['fmp4', 'mpegts'] as const)('are as many PUTs as a worker makes (%s)', async (SEGMENT_FORMAT) => {
    const clip = join(transcoding.folder, `${SEGMENT_FORMAT}.mp4`);
    await ffmpeg(
      ...pattern({ width: 640, height: 360, seconds: 5, filter: noise }),
      ...tone(5),
      ...x264,
      '-c:a',
      'aac',
      clip,
    );
    const environment = { SEGMENT_FORMAT, SEGMENT_SECONDS: '2', PART_SECONDS: '4' } as const;
    await using planned = await planFilm(clip, environment);
    keys.length = 0;
    await transcoding.transcode(clip, { environment });
    const published = keys.filter((key) => !key.endsWith('/film')); // the clip itself, on its way into the source bucket
    expect(published.length).toBe(countPuts(planned.plan));
    expect(published.length).toBeGreaterThan(20);
  });
});
