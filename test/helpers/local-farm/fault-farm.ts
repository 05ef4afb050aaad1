import { randomUUID } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { WorkerProcess } from '../../../cli/local-farm/worker.ts';
import type { ReporterEnvironment } from '../../../reporter/settings.ts';
import type { Job } from '../../../worker/src/protocol/job.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { toolPath } from '../ffmpeg/tool-path.ts';
import { temporaryFolder } from '../media/clips.ts';
import { makeCountedFilm } from '../media/counted-film.ts';
import { type Receiver, startReceiver } from '../reports/receiver.ts';
import { isStrict } from '../strictness.ts';
import { until } from '../until.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { startLocalFarm, type TestFarm } from './local-farm.ts';

/** A farm in which things go wrong: proxies stand before storage and queue, and every ffmpeg run is written down. */
export interface FaultFarm extends AsyncDisposable {
  farm: TestFarm;
  /** Between workers and storage. */
  s3: FaultProxy;
  /** Between workers and queue. */
  sqs: FaultProxy;
  receiver: Receiver;
  folder: string;
  /** Arguments of each run of ffmpeg since `reset`, one run a line. */
  runs(): Promise<string[]>;
  /** Sends a job for the clip, or for another key of the source bucket. @returns its id */
  send(job?: Partial<Job>): Promise<string>;
  /** Stops all workers, empties the queues, heals the proxies, forgets runs. */
  reset(): Promise<void>;
  startWorker(env?: Partial<WorkerEnvironment>): WorkerProcess;
}

/** What every farm's clip is: four parts of one segment, and the sound as a part of its own. */
export const clip = {
  key: 'films/clip.mp4',
  parts: 5,
  film: { size: [160, 120] as [number, number], frames: 200, segments: 4, audioSeconds: [8] },
};

export const webhookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/**
 * @param env of every worker
 * @param encodeSeconds what each run of ffmpeg takes more than it needs, where a test must act while it runs
 * @param reporter settings of the reporter, on top of those that call the receiver
 */
export async function startFaultFarm(
  env: Partial<WorkerEnvironment> = {},
  {
    encodeSeconds = 0,
    // Where answers get lost a worker needs more than one try to hold its message.
    visibilityTimeoutSeconds = isStrict ? 6 : 3,
    reporter = {},
    door,
  }: {
    encodeSeconds?: number;
    visibilityTimeoutSeconds?: number;
    reporter?: Partial<ReporterEnvironment>;
    /** A function looks at jobs before workers do. */
    door?: { functionsPerFilm: number };
  } = {},
): Promise<FaultFarm> {
  const folder = await temporaryFolder();
  const receiver = await startReceiver();
  const proxies: FaultProxy[] = [];
  const through = async (endpoint: string) => {
    const proxy = await startFaultProxy(endpoint);
    proxies.push(proxy);
    return proxy.url;
  };
  const farm = await startLocalFarm({
    visibilityTimeoutSeconds,
    ...(door && { door }),
    reports: true,
    through: { s3: through, sqs: through },
    env: {
      ENCODER: 'x264',
      X264_PRESET: 'ultrafast',
      SEGMENT_SECONDS: '2',
      PART_SECONDS: '2',
      RETRY_DELAY_SECONDS: '0',
      SOURCE_PREFIX: 'inbox/',
      STALL_SECONDS: '20',
      STORAGE_STALL_SECONDS: '2',
      FFMPEG_PATH: await countingFfmpeg(folder.path, encodeSeconds),
      ...env,
    },
  });
  farm.startReporter({
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: webhookSecret,
    ALLOW_PRIVATE_WEBHOOKS: 'true',
    ...reporter,
  });
  const [s3, sqs] = proxies as [FaultProxy, FaultProxy];
  const clipPath = join(folder.path, 'clip.mp4');
  await makeCountedFilm(clipPath, { size: clip.film.size, seconds: 8 });
  await farm.put(clip.key, clipPath);

  const runsFile = join(folder.path, 'runs.txt');
  let workers: WorkerProcess[] = [];
  const reset = async () => {
    for (const proxy of proxies) proxy.heal();
    // One that stands still hears nothing else.
    for (const worker of workers) worker.kill('SIGCONT');
    await Promise.all(workers.map((worker) => worker.stop(12)));
    for (const QueueUrl of [farm.queueUrl, farm.partsQueueUrl]) {
      // fauxqs hands messages to polls whose client is gone; these are for them.
      const idle = new SendMessageCommand({ QueueUrl, MessageBody: '{"Event":"s3:TestEvent"}' });
      for (const _ of workers) await farm.sqs.send(idle);
    }
    workers = [];
    const { queueUrl, deadLetterQueueUrl, partsQueueUrl, reportsQueueUrl, reportsDeadLetterQueueUrl } = farm;
    for (const QueueUrl of [
      queueUrl,
      deadLetterQueueUrl,
      partsQueueUrl,
      reportsQueueUrl,
      reportsDeadLetterQueueUrl,
      ...(farm.doorQueueUrl === undefined ? [] : [farm.doorQueueUrl]),
    ]) {
      await farm.sqs.send(new PurgeQueueCommand({ QueueUrl }));
    }
    receiver.deliveries.length = 0;
    await writeFile(runsFile, '');
  };
  await reset();

  return {
    farm,
    s3,
    sqs,
    receiver,
    folder: folder.path,
    runs: async () => (await readFile(runsFile, 'utf8')).split('\n').filter(Boolean),
    send: (job = {}) => {
      const source = job.sources === undefined ? { source: clip.key } : {};
      return farm.sendJob({ ...source, id: `job-${randomUUID().slice(0, 8)}`, ...job });
    },
    reset,
    startWorker(own) {
      const worker = farm.startWorker(own);
      workers.push(worker);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      await reset();
      await farm.stop();
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The real ffmpeg, behind a line in `runs.txt` for each run that is more than a question for its version. */
function countingFfmpeg(folder: string, encodeSeconds: number): Promise<string> {
  const wait = encodeSeconds > 0 ? `sleep ${encodeSeconds}` : ':';
  const log = `[ "$1" = -version ] || { printf '%s\\n' "$*" >>"${folder}/runs.txt"; ${wait}; }`;
  return script(folder, 'counting-ffmpeg', [log, `exec ${toolPath('ffmpeg')} "$@"`]);
}

/** A shell script in the place of a media tool. It has no PATH but what it sets, as the tool has none. */
export async function script(folder: string, name: string, lines: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${['#!/bin/bash', 'PATH=/usr/bin:/bin', ...lines].join('\n')}\n`);
  await chmod(path, 0o755);
  return path;
}

/** Requests of one kind to objects whose path matches, such as `put(/00002\.m4s$/)`. */
export const put = (path: RegExp) => request('PUT', path);
export const get = (path: RegExp) => request('GET', path);

/** Requests that remove objects. */
export const removal = {
  match: ({ method, url }: { method: string; url: string }) =>
    method === 'DELETE' || (method === 'POST' && /\?delete\b/.test(url)),
};

function request(wanted: string, path: RegExp) {
  return {
    match: ({ method, url }: { method: string; url: string }) =>
      method === wanted && path.test(url.split('?')[0] ?? ''),
  };
}

/** Calls of one kind to SQS, such as `call('DeleteMessage')`. */
export function call(name: string) {
  return {
    match: ({ headers }: { headers: Record<string, string | string[] | undefined> }) =>
      String(headers['x-amz-target']).endsWith(`.${name}`),
  };
}

/** Holds such requests up for ever, and waits for the first: the worker stands exactly there. */
export async function holdAt(
  proxy: FaultProxy,
  options: Parameters<FaultProxy['inject']>[1],
  timeoutSeconds = 30,
): Promise<void> {
  const before = proxy.spoilt;
  proxy.inject({ kind: 'hang' }, options);
  await until(() => proxy.spoilt > before, 'the request that is to be held up', timeoutSeconds);
}
