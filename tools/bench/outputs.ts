import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { pino } from 'pino';
import { segmentArguments } from '../../worker/src/encode/segment-arguments.ts';
import { openMediaTools } from '../../worker/src/ffmpeg/media-tool.ts';
import { makeFile } from '../../worker/src/film/after/make-file.ts';
import { JobFolder } from '../../worker/src/protocol/job-folder.ts';
import type { FilmRendition } from '../../worker/src/protocol/status.ts';
import { readSettings, type WorkerEnvironment } from '../../worker/src/settings/settings.ts';
import { openStores } from '../../worker/src/storage/stores.ts';
import type { Bench } from './lib/bench.ts';
import { cpuOf } from './lib/cpu.ts';
import { benchFilm } from './lib/film.ts';

const run = promisify(execFile);

const filmSeconds = 3600;

/** How soon after the commit people can download the film. */
const goalSeconds = 10;

export const outputs: Bench = {
  what: "time to make and publish the MP4 of an hour's film over that of bare ffmpeg, which copies the film on the disk",
  goal: 4,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: filmSeconds, width: 640, height: 360 }));
    const { size } = await stat(path);
    log(`the film: ${(size / 1e9).toFixed(2)} GB`);
    const workDir = await mkdtemp(join(tmpdir(), 'bench-outputs-'));
    const storage = await startStorage();
    try {
      const bareSeconds = await timed(() =>
        run('ffmpeg', [
          '-v',
          'error',
          '-i',
          path,
          '-c',
          'copy',
          '-movflags',
          '+faststart',
          join(workDir, 'bare.mp4'),
        ]),
      );
      await rm(join(workDir, 'bare.mp4'));
      log(`bare ffmpeg ${bareSeconds.toFixed(1)} s`);
      const { video, audio } = await publish(path, workDir, storage.s3);
      const settings = readSettings({ ...storage.environment, WORK_DIR: workDir } as WorkerEnvironment);
      const stores = openStores(settings);
      const { ffmpegPath, ffprobePath, limits } = settings;
      const tools = openMediaTools({
        ffmpegPath,
        ffprobePath,
        maxPixels: limits.pixels,
        maxStreams: limits.streams,
      });
      const job = { id: jobId, source: 'film.mp4', requestId: jobId };
      const before = cpuSeconds(storage.pid);
      const seconds = await timed(() =>
        makeFile(job, { name: '360p.mp4', format: 'mp4', video, audio }, folder, {
          settings,
          stores,
          tools,
          log: pino({ level: 'silent' }),
          signal: new AbortController().signal,
        }),
      );
      stores.close();
      const after = cpuSeconds(storage.pid);
      const cpu = Object.entries(after).map(
        ([who, at]) => `${who} ${(at - before[who as keyof typeof after]).toFixed(1)} s`,
      );
      log(`from the commit to the MP4 ${seconds.toFixed(1)} s; CPU: ${cpu.join(', ')}`);
      return {
        ratio: seconds / bareSeconds,
        goals: [{ what: 'seconds from the commit to the MP4', value: seconds, goal: goalSeconds }],
      };
    } finally {
      await storage.close();
      await rm(workDir, { recursive: true, force: true });
    }
  },
};

/** What shares the processor while the file is made. */
function cpuSeconds(storagePid: number) {
  const { ownSeconds, childrenSeconds } = cpuOf('self');
  return { worker: ownSeconds, ffmpeg: childrenSeconds, storage: cpuOf(storagePid).ownSeconds };
}

/** In a process of its own, as storage never shares the worker's processor time. */
async function startStorage() {
  const child = fork(fileURLToPath(new URL('coordination/storage.ts', import.meta.url)));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  const bucketOf = (side: 'SOURCE' | 'OUTPUT') => ({
    [`${side}_BUCKET`]: side === 'OUTPUT' ? bucket : 'sources',
    [`${side}_ENDPOINT`]: endpoint,
    [`${side}_ADDRESSING`]: 'path',
    [`${side}_ACCESS_KEY_ID`]: credentials.accessKeyId,
    [`${side}_SECRET_ACCESS_KEY`]: credentials.secretAccessKey,
  });
  const queues = { QUEUE_URL: endpoint, DEAD_LETTER_QUEUE_URL: `${endpoint}/dead-letters` };
  return {
    s3,
    pid: child.pid ?? 0,
    environment: { ...queues, ...bucketOf('SOURCE'), ...bucketOf('OUTPUT') },
    async close() {
      s3.destroy();
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

const bucket = 'films';
const segmentSeconds = 6;
const jobId = 'bench';
const folder = new JobFolder('', jobId).plan('0123456789ab');

/** The film as segments of 6 s in the output bucket, without encoding it. */
async function publish(
  film: string,
  workDir: string,
  s3: S3Client,
): Promise<{ video: FilmRendition; audio: FilmRendition[] }> {
  const video = await publishRendition('360p', 'video', film, workDir, s3);
  if (!(await hasAudio(film))) return { video, audio: [] };
  return { video, audio: [await publishRendition('audio-0', 'audio', film, workDir, s3)] };
}

async function hasAudio(film: string): Promise<boolean> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'a', '-show_streams', film]);
  return stdout !== '';
}

async function publishRendition(
  name: string,
  kind: 'video' | 'audio',
  film: string,
  workDir: string,
  s3: S3Client,
): Promise<FilmRendition> {
  const local = join(workDir, name);
  await mkdir(local);
  const filmSeconds = await durationOf(film);
  const count = Math.ceil(filmSeconds / segmentSeconds);
  const cuts = Array.from({ length: count - 1 }, (_, n) => (n + 1) * segmentSeconds);
  const cut = segmentArguments(
    { segmentFormat: 'fmp4' },
    { name, pipe: 1, firstSegment: 0, cuts, offsetSeconds: 0, deltaSeconds: 0.01 },
  );
  const map = ['-map', `0:${kind === 'video' ? 'v' : 'a'}:0`, '-c', 'copy'];
  await run('ffmpeg', ['-v', 'error', '-i', film, ...map, ...cut], { cwd: workDir, maxBuffer: 2 ** 24 });
  const files = (await readdir(local)).sort();
  const put = (file: string, Body: ReadStream | string, ContentLength?: number) =>
    s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: folder.file(`${name}/${file}`),
        Body,
        ContentLength,
      }),
    );
  for (const file of files) {
    const path = join(local, file);
    await put(file, createReadStream(path), (await stat(path)).size);
  }
  await rm(local, { recursive: true });
  const segments = files.filter((file) => file.endsWith('.m4s'));
  const entries = segments.flatMap((segment) => [`#EXTINF:${filmSeconds / count},`, segment]);
  await put('index.m3u8', ['#EXTM3U', '#EXT-X-MAP:URI="init.mp4"', ...entries, ''].join('\n'));
  const playlist = folder.file(`${name}/index.m3u8`);
  const frameRate = kind === 'video' ? await frameRateOf(film) : undefined;
  const sizes = { bandwidth: 0, averageBandwidth: 0, bytes: 0, segments: count };
  return { name, kind, playlist, codecs: '', ...(frameRate && { frameRate }), ...sizes };
}

async function frameRateOf(film: string): Promise<number> {
  const show = [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-show_entries',
    'stream=r_frame_rate',
    '-of',
    'csv=p=0',
  ];
  const { stdout } = await run('ffprobe', [...show, film]);
  const [frames = 0, seconds = 1] = stdout.split('/').map(Number);
  return frames / seconds;
}

async function durationOf(film: string): Promise<number> {
  const show = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', [...show, film]);
  return Number(stdout);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
