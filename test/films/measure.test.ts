import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolScores, readScores } from '../../worker/src/encode/measure-log.ts';
import { readFilters } from '../../worker/src/ffmpeg/programs.ts';
import { type Metric, metricOf } from '../../worker/src/plan/measure.ts';
import type { JobOptions } from '../../worker/src/protocol/job.ts';
import { JobFolder } from '../../worker/src/protocol/job-folder.ts';
import { saveFilm } from '../../worker/src/publish/film-record.ts';
import { ffmpeg } from '../helpers/media/clips.ts';
import { readFilm } from '../helpers/media/read-film.ts';
import {
  type Published,
  startTranscoding,
  type TranscodeOptions,
  type Transcoding,
} from '../helpers/media/transcoding.ts';
import { turnClip } from './turn-clip.ts';

/** What the ffmpeg on the PATH can: VMAF from the version on that has libvmaf. */
const metric: Metric = metricOf(readFilters('ffmpeg')) ?? 'ssim';

/** What a good encode of a test picture has, and what one has no more whose frames are compared with others than their own. */
const good: Readonly<Record<Metric, number>> = { vmaf: 92, ssim: 0.975 };

let farm: Transcoding;
beforeAll(async () => {
  farm = await startTranscoding();
});
afterAll(() => farm[Symbol.asyncDispose]());

const asked: JobOptions = { ladder: [{ rung: '240p', bitrate: 1_500_000 }], measure: 'vmaf' };

const inMpegts = { environment: { SEGMENT_FORMAT: 'mpegts' as const } };

/** Its frames differ: one that is compared with the next one looks bad. */
const moving = (rate: string, seconds = 3) => [
  ...['-f', 'lavfi', '-i', `testsrc2=s=320x240:r=${rate}:d=${seconds}`],
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-qp', '6', '-pix_fmt', 'yuv420p'],
];

async function measured(
  name: string,
  args: readonly string[],
  { job, ...options }: TranscodeOptions = {},
): Promise<Published> {
  const path = join(farm.folder, name);
  await ffmpeg(...args, path);
  return farm.transcode(path, { ...options, job: { ...asked, ...job } });
}

describe('a measured film', () => {
  it('has the figure that ffmpeg gives outside of the worker, and no warning', async () => {
    const film = await measured('plain.mp4', moving('24'), { job: { minVmaf: 80 } });
    expect(film.film.measured).toMatchObject({ metric, rendition: '240p', seconds: 3 });
    const { video } = await readFilm(film);
    const log = join(farm.folder, 'direct.log');
    const options =
      metric === 'vmaf' ? `libvmaf=log_fmt=json:log_path=${log}` : `${metric}=stats_file=${log}`;
    const pair = `[0:v]settb=1/1000,setpts=N[a];[1:v]settb=1/1000,setpts=N[b];[a][b]${options}`;
    await ffmpeg(
      ...['-i', video[0]?.joinedPath ?? '', '-i', join(farm.folder, 'plain.mp4')],
      ...['-lavfi', pair, '-f', 'null', '-'],
    );
    const direct = poolScores(readScores(metric, await readFile(log, 'utf8'))).mean;
    const tolerance = { vmaf: 1, ssim: 0.01 }[metric];
    expect(Math.abs((film.film.measured?.mean ?? 0) - direct)).toBeLessThan(tolerance);
    expect(film.film.measured?.mean).toBeGreaterThan(good[metric]);
    if (metric === 'vmaf') expect(film.warnings).toEqual([]);
    else expect(film.warnings.join()).toMatch(/no libvmaf.* is not known/);
  });

  it('gets a warning where it looks worse than it is to', async () => {
    const noise = ['-f', 'lavfi', '-i', 'color=gray:s=320x240:r=24:d=2,noise=alls=60:allf=t'];
    const coded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '16', '-pix_fmt', 'yuv420p'];
    const film = await measured('noise.mp4', [...noise, ...coded], {
      job: { ladder: [{ rung: '240p', bitrate: 60_000 }], minVmaf: 80 },
    });
    expect(film.film.measured?.mean).toBeLessThan(good[metric]);
    expect(film.warnings.join()).toMatch(
      metric === 'vmaf' ? /^240p has a VMAF of \d+\.\d, less than the 80/ : /no libvmaf/,
    );
  });

  it('is measured by the worker that takes over after the commit, and once', async () => {
    const again = () => measured('again.mp4', moving('24', 2), { id: 'again' });
    const { film } = await again();
    const { output } = farm.stores;
    const folder = new JobFolder('', 'again').plan(film.plan);
    const { measured: figure, ...unmeasured } = film;
    const signal = new AbortController().signal;
    if (figure === undefined) throw new Error('The film was not measured.');
    await saveFilm(output, folder, unmeasured, signal);
    expect((await again()).film.measured).toEqual(figure);
    const recorded = { ...figure, mean: 12 };
    await saveFilm(output, folder, { ...film, measured: recorded }, signal);
    expect((await again()).film.measured).toEqual(recorded);
  });

  it('has a CRF of its own with perFilmQuality, or a warning where nothing measures VMAF', async () => {
    const environment = { PER_FILM_QUALITY: 'true' as const };
    const film = await measured('own.mp4', moving('24', 2), { environment });
    if (metric === 'vmaf') {
      expect(film.warnings).toEqual([]);
      expect(Math.abs((film.film.measured?.mean ?? 0) - 93)).toBeLessThan(2);
    } else expect(film.warnings.join()).toMatch(/none of its own: the worker's ffmpeg has no libvmaf/);
  });

  const pq = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];
  it.each<[kind: string, name: string, args: readonly string[], TranscodeOptions?]>([
    ['frames at a rate of NTSC, in MPEG-TS', 'ntsc.mp4', moving('30000/1001'), inMpegts],
    [
      'fields',
      'fields.ts',
      [...moving('25'), '-vf', 'interlace', '-flags', '+ildct+ilme', '-x264opts', 'tff=1'],
    ],
    [
      'frames of varying length',
      'varying.mp4',
      [...moving('24'), '-vf', "select='mod(n,5)'", '-fps_mode', 'vfr'],
    ],
    ['HDR in an odd size', 'odd.mp4', [...moving('25'), '-vf', 'crop=319:239,format=yuv444p10le', ...pq]],
  ])('is compared frame by frame with its source where that has %s', async (_, name, args, options) => {
    expectGood(await measured(name, args, options));
  });

  it('is compared frame by frame with its source where that is turned and has a text over it', async () => {
    const path = join(farm.folder, 'turned.mp4');
    await ffmpeg(...moving('25'), path);
    const overlays = [{ text: 'Hello' }];
    expectGood(await farm.transcode(await turnClip(path, 90), { job: { ...asked, overlays } }));
  });

  it('is compared with its clips, and not in the crossfade between them', async () => {
    const path = join(farm.folder, 'clip.mp4');
    await ffmpeg(...moving('25'), path);
    const clips = [
      { path, to: 2.6 },
      { path, from: 0.52, to: 3 },
    ];
    const film = await farm.transcode(clips, { job: { ...asked, crossfade: 0.6 } });
    expectGood(film);
    expect(film.film.measured?.seconds).toBeCloseTo(film.film.durationSeconds - 0.6, 1);
  });
});

function expectGood({ film, warnings }: Published) {
  expect(film.measured?.metric, warnings.join()).toBe(metric);
  expect(film.measured?.mean).toBeGreaterThan(good[metric]);
  const [rendition] = film.renditions;
  const frames = (film.measured?.seconds ?? 0) * (rendition?.frameRate ?? 0);
  // VMAF looks at every fourth frame, and each stretch's last one may be left out.
  expect(film.measured?.frames).toBeGreaterThan((metric === 'vmaf' ? 0.18 : 0.9) * frames);
}
