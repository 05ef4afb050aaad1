import { readFileSync } from 'node:fs';
import { stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadStack } from '../../tools/program-run/stacks.ts';
import type { Job } from '../../worker/src/protocol/job.ts';
import { type FaultFarm, startFaultFarm, webhookSecret } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm, expectRefused } from '../helpers/local-farm/job-ends.ts';
import { ffmpeg, ffprobe } from '../helpers/media/clips.ts';
import { makeCountedFilm } from '../helpers/media/counted-film.ts';
import { says, startSharedFilm, startWorkers } from '../helpers/media/shared-film.ts';
import { listenTo } from '../helpers/media/sound.ts';
import { until } from '../helpers/until.ts';

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm(
    { WORKERS_PER_FILM: '3' },
    { encodeSeconds: 0.5, visibilityTimeoutSeconds: 6 },
  );
  for (const [name, seconds] of Object.entries({ a: 12, b: 8 })) {
    const path = join(faults.folder, `${name}.mp4`);
    await makeCountedFilm(path, { size: [160, 120], seconds });
    await faults.farm.put(`clips/${name}.mp4`, path);
  }
  const hum = join(faults.folder, 'hum.flac');
  // Longer than what is kept of music, and shorter than the film.
  await ffmpeg('-f', 'lavfi', '-i', 'sine=frequency=880:duration=7:sample_rate=48000', hum);
  await faults.farm.put('music/hum.flac', hum);
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

/** Nine parts of one segment, two of them crossfades, and the audio with its music. */
const sources = [
  { source: 'clips/a.mp4', from: 2, to: 10 },
  { source: 'clips/b.mp4' },
  { source: 'clips/a.mp4', from: 5.2, to: 11.2 },
];
const joined = {
  size: [160, 120] as [number, number],
  frames: 450,
  segments: 9,
  audioSeconds: [18],
  numberOf: (frame: number) => (frame < 150 ? frame + 50 : frame < 300 ? frame - 150 : frame - 300 + 130),
  isMixed: (frame: number) => (frame >= 150 && frame < 200) || (frame >= 300 && frame < 350),
};

describe('joined clips that three workers make', () => {
  it('are one whole film with crossfades and music when two of the workers are lost in the middle', async () => {
    const options = { crossfade: 2, music: { source: 'music/hum.flac', volume: 0.5 } };
    const { id, lead, helpers } = await startSharedFilm(faults, { sources, options });
    lead.kill('SIGKILL');
    helpers[0]?.kill('SIGKILL');
    await Promise.all([lead.exited, helpers[0]?.exited]);
    await faults.farm.waitFor(id, 'succeeded', 90);
    // The next worker on the machine removes what lost ones left there.
    await startWorkers(faults, 1);
    const state = await expectFilm(faults, id, { film: joined });
    // The audio is a run for each clip, the music's and the encoder's. What the two had begun: a part of the picture each, and the audio.
    // One more run tries the music.
    const audioRuns = sources.length + 2;
    expect((await faults.runs()).length).toBeLessThanOrEqual(1 + 9 + audioRuns + 2 + audioRuns);
    expect(state).toMatchObject({ source: 'clips/a.mp4', sources });
    const track = join(faults.folder, 'published', id, state.film?.plan ?? '', 'audio-0', 'joined.media');
    const sound = await listenTo('-i', track, '-af', 'pan=mono|c0=c0');
    // ffmpeg's tones have an amplitude of 1/8; the fade of three clips of one tone depends on their phases.
    for (const at of [0.5, 4, 9, 15]) {
      expect(sound.amplitude(440, at, at + 1)).toBeCloseTo(1 / 8, 2);
      expect(sound.amplitude(880, at, at + 1)).toBeCloseTo(1 / 16, 2);
    }
  });

  it('delete every source where the job says so, and are refused by name when one is cut off', async () => {
    const path = join(faults.folder, 'cut.mp4');
    await ffmpeg('-i', join(faults.folder, 'b.mp4'), '-c', 'copy', '-movflags', '+faststart', path);
    await faults.farm.put('clips/whole.mp4', path);
    await truncate(path, Math.round((await stat(path)).size * 0.6));
    await faults.farm.put('clips/cut.mp4', path);
    const options = { keepSource: false };
    const kept = { source: 'clips/whole.mp4' };
    const refused = await faults.send({ sources: [kept, { source: 'clips/cut.mp4' }], options });
    await startWorkers(faults, 2);
    const state = await expectRefused(faults, refused, 'short-source');
    expect(state.error?.message).toMatch(/^Clip 2 ends at \d\.\d\d s of its film/);
    expect(await sourcesLeft()).toEqual(['clips/a.mp4', 'clips/b.mp4', 'clips/cut.mp4', 'clips/whole.mp4']);

    const made = await faults.send({
      sources: [{ ...kept, to: 2 }, { source: 'clips/b.mp4', from: 7 }, kept],
      options,
    });
    await faults.farm.waitFor(made, 'succeeded', 60);
    await until(async () => (await sourcesLeft()).length === 2, 'the sources to be deleted');
    expect(await sourcesLeft()).toEqual(['clips/a.mp4', 'clips/cut.mp4']);
  });
});

describe('the message that stacks/always-on.yaml shows', () => {
  it('becomes one film with its texts, the logo and the music, an MP4 and a signed webhook', async () => {
    const stack = readFileSync(new URL('../../stacks/always-on.yaml', import.meta.url), 'utf8');
    const [, shown = ''] = /\n# *(\{"id".*?)\nconfig:/s.exec(stack) ?? [];
    const { options, ...message }: Job = JSON.parse(shown.replaceAll('\n#', ''));
    const { config } = loadStack('stacks/always-on.yaml');
    const gray = (seconds: number) => ['-f', 'lavfi', '-i', `color=gray:s=160x90:r=25:d=${seconds}`];
    const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
    const put = async (key: string, ...args: string[]) => {
      const path = join(faults.folder, key.replaceAll('/', '-'));
      await ffmpeg(...args, path);
      await faults.farm.put(key, path);
    };
    await put('intro.mov', ...gray(2), ...x264);
    await put('uploads/17.mp4', ...gray(10), ...x264);
    await put('outro.mov', ...gray(1), ...x264);
    await put('brand/theme.mp3', '-f', 'lavfi', '-i', 'sine=880:duration=3', '-c:a', 'libmp3lame');
    await put('brand/logo.png', '-f', 'lavfi', '-i', 'color=red:s=64x64', '-frames:v', '1');
    const id = await faults.send({ ...message, options: { ...options, size: '180x320' } });
    faults.startWorker({
      PRESETS: config.presets,
      WATERMARK: config.watermark,
      PART_SECONDS: '60',
    });
    const { film, warnings } = await faults.farm.waitFor(id, 'succeeded', 60);
    expect(warnings).toEqual(['the film has no rendition 720p: its mp4 file is 240p']);
    expect(film?.durationSeconds).toBeCloseTo(2 + 7 + 1, 1);
    const path = join(faults.folder, 'promo.mp4');
    await writeFile(path, (await faults.farm.readBytes(film?.files?.[0]?.key ?? '')) ?? '');
    const sound = await listenTo('-i', path, '-af', 'pan=mono|c0=c0');
    expect(sound.amplitude(880, 0.2, 2.6)).toBeCloseTo(0.4 / 8, 2);
    // The logo is 12 % of the width, 5 % of the height from the corner; texts are at the bottom.
    const pixels = async (seconds: number, crop: string) => [
      ...(await ffmpeg(
        ...['-ss', String(seconds), '-i', path, '-frames:v', '1', '-vf', `crop=${crop}`],
        ...['-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
      )),
    ];
    for (const seconds of [1, 5, 9]) {
      const [red = 0, green = 255] = await pixels(seconds, '2:2:152:24');
      expect([red > 180, green < 90], `the logo at ${seconds} s`).toEqual([true, true]);
      const brightest = Math.max(...(await pixels(seconds, '180:60:0:256')));
      expect(brightest > 200, `a text at ${seconds} s`).toBe(seconds !== 5);
    }
    const found = () => faults.receiver.deliveries.find(({ body }) => body.includes('job.succeeded'));
    await until(() => found() !== undefined, 'the webhook');
    const delivered = found();
    expect(new Webhook(webhookSecret).verify(delivered?.body ?? '', delivered?.headers ?? {})).toMatchObject({
      type: 'job.succeeded',
      data: { id: 'promo-17' },
    });
  });
});

describe('a WebM file that three workers make', () => {
  it('has every frame when its lead and a helper are lost in the middle, each of which costs a part', async () => {
    const options = { outputs: ['hls', 'webm'] };
    const { id, lead, helpers } = await startSharedFilm(faults, { source: 'clips/a.mp4', options });
    const workers = [lead, ...helpers];
    // Whoever has committed the stream makes its files.
    const lost = await Promise.all(
      ['sent part requests for a WebM file', 'joined a WebM file'].map((message) =>
        Promise.any(workers.map((worker) => says(worker, message).then(() => worker))),
      ),
    );
    for (const worker of lost) worker.kill('SIGKILL');
    await Promise.all(lost.map((worker) => worker.exited));
    const { film, warnings } = await faults.farm.waitFor(id, 'succeeded', 120);
    expect(film?.files).toMatchObject([{ format: 'webm' }]);
    // The worker that joins it counts them too, against the stream's.
    const path = join(faults.folder, 'joined.webm');
    await writeFile(path, (await faults.farm.readBytes(film?.files?.[0]?.key ?? '')) ?? '');
    const { streams } = await ffprobe<{ streams: { nb_read_packets: string }[] }>(
      ...['-count_packets', '-select_streams', 'v', '-show_streams', path],
    );
    expect(streams[0]?.nb_read_packets).toBe('300');
    expect(warnings).toEqual([]);
    const left = (await faults.farm.keys(`${id}/`)).filter((key) => /webm\/|leases\/webm/.test(key));
    expect(left).toEqual([]);
  });
});

async function sourcesLeft(): Promise<string[]> {
  const { s3, sourceBucket } = faults.farm;
  const list = new ListObjectsV2Command({ Bucket: sourceBucket, Prefix: 'clips/' });
  const { Contents = [] } = await s3.send(list);
  return Contents.map(({ Key = '' }) => Key).sort();
}
