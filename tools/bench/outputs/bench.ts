import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { pino } from 'pino';
import { openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';
import { makeFile } from '../../../worker/src/film/after/make-file.ts';
import { FilesAhead } from '../../../worker/src/film/ahead/files-ahead.ts';
import type { PlannedFilm } from '../../../worker/src/film/film.ts';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { openStores } from '../../../worker/src/storage/stores.ts';
import type { Bench } from '../lib/bench.ts';
import { cpuOf } from '../lib/cpu.ts';
import { benchFilm } from '../lib/film.ts';
import { bucket, type CutRendition, commit, cutFilm, publish } from './stream.ts';

const run = promisify(execFile);

const filmSeconds = 3600;

/** How soon after the commit people can download the film. */
const goalSeconds = 10;

/** How quickly the film is made: by about so many workers that encode as fast as it plays. */
const speed = 60;

export const outputs: Bench = {
  what: "time to make and publish the MP4 of an hour's film of its stream over that of bare ffmpeg, which copies the film on the disk",
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
      const stream = await cutFilm(path, workDir);
      const settings = readSettings({ ...storage.environment, WORK_DIR: workDir } as WorkerEnvironment);
      const stores = openStores(settings);
      const { ffmpegPath, ffprobePath, limits } = settings;
      const tools = openMediaTools({
        ffmpegPath,
        ffprobePath,
        maxPixels: limits.pixels,
        maxStreams: limits.streams,
      });
      const signal = new AbortController().signal;
      const files = { settings, stores, tools, log: pino({ level: 'silent' }), signal };
      const published: Published = { stream, s3: storage.s3, pid: storage.pid, log };
      const seconds = await madeAfterwards(published, files);
      for await (const { key } of stores.output.list('')) await stores.output.remove([key]);
      const aheadSeconds = await begunBefore(published, { ...files, messageId: 'bench', leaseSeconds: 60 });
      stores.close();
      return {
        ratio: seconds / bareSeconds,
        goals: [{ what: 'seconds from the commit to the MP4', value: aheadSeconds, goal: goalSeconds }],
      };
    } finally {
      await storage.close();
      await rm(workDir, { recursive: true, force: true });
    }
  },
};

type FileRun = Parameters<typeof makeFile>[3];

interface Published {
  stream: CutRendition[];
  s3: S3Client;
  /** Of storage. */
  pid: number;
  log: (line: string) => void;
}

/** All of it, as when it is asked for later. @returns seconds */
async function madeAfterwards({ stream, s3, pid, log }: Published, run: FileRun): Promise<number> {
  const { job, folder } = jobOf('afterwards');
  await publish(stream, folder, s3);
  const file = await commit(stream, folder, s3);
  const before = cpuSeconds(pid);
  const seconds = await timed(() => makeFile(job, file, folder, run));
  const after = cpuSeconds(pid);
  const cpu = Object.entries(after).map(
    ([who, at]) => `${who} ${(at - before[who as keyof typeof after]).toFixed(1)} s`,
  );
  log(`made of the whole stream ${seconds.toFixed(1)} s; CPU: ${cpu.join(', ')}`);
  return seconds;
}

/** Begun while the film is made, as in a job that asks for it. @returns seconds from the commit on */
async function begunBefore(
  { stream, s3, log }: Published,
  run: Parameters<FilesAhead['begin']>[2],
): Promise<number> {
  const { job, folder } = jobOf('before');
  await using ahead = new FilesAhead();
  ahead.begin({ job, plan: planOf(stream) } as PlannedFilm, folder, run);
  const makingSeconds = await timed(() => publish(stream, folder, s3, speed));
  const file = await commit(stream, folder, s3);
  const seconds = await timed(async () => {
    const lease = await ahead.takeLease(planId, run.signal);
    if (!(await ahead.finish(file, run))) throw new Error('The file was not begun before the commit.');
    await lease?.release();
  });
  log(
    `a film that is made in ${makingSeconds.toFixed(0)} s: from the commit to the MP4 ${seconds.toFixed(2)} s`,
  );
  return seconds;
}

const planId = '0123456789ab';

function jobOf(id: string) {
  const options = { outputs: ['hls' as const, 'mp4' as const] };
  return {
    job: { id, source: 'film.mp4', requestId: id, options },
    folder: new JobFolder('', id).plan(planId),
  };
}

/** What is asked of a plan before the commit. */
function planOf(stream: readonly CutRendition[]): Plan {
  const [video, ...audio] = stream;
  const plan: Pick<Plan, 'id' | 'durationSeconds' | 'segmentFormat' | 'parts'> = {
    id: planId,
    durationSeconds: video?.filmSeconds ?? 0,
    segmentFormat: 'fmp4',
    parts: [],
  };
  const renditions = [{ name: video?.name }];
  return {
    ...plan,
    video: { renditions, frameRate: { num: video?.frameRate, den: 1 } },
    audio: audio.map(({ name }) => ({ name })),
  } as unknown as Plan;
}

/** What shares the processor while the file is made. */
function cpuSeconds(storagePid: number) {
  const { ownSeconds, childrenSeconds } = cpuOf('self');
  return { worker: ownSeconds, ffmpeg: childrenSeconds, storage: cpuOf(storagePid).ownSeconds };
}

/** In a process of its own, as storage never shares the worker's processor time. */
async function startStorage() {
  const child = fork(fileURLToPath(new URL('../coordination/storage.ts', import.meta.url)));
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

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
