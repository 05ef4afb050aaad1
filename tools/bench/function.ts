import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { followJob } from '../../cli/follow.ts';
import { localCredentials } from '../../cli/local-farm/emulator.ts';
import { type LocalFarm, startLocalFarm } from '../../cli/local-farm/farm.ts';
import { LocalFunctions } from '../../cli/local-farm/functions/functions.ts';
import { startFunctions } from '../../cli/local-farm/functions/start.ts';
import { startWorker } from '../../cli/local-farm/worker.ts';
import { encodingIdentity } from '../../worker/src/encode/identity.ts';
import { partEvent } from '../../worker/src/function/events.ts';
import { makePlan } from '../../worker/src/plan/make-plan.ts';
import type { VideoPart } from '../../worker/src/plan/plan.ts';
import { JobFolder } from '../../worker/src/protocol/job-folder.ts';
import { sendPartRequest } from '../../worker/src/protocol/part-request.ts';
import { writePlanFile } from '../../worker/src/protocol/plan-file.ts';
import type { NewMessage } from '../../worker/src/protocol/queue-message.ts';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { readSettings } from '../../worker/src/settings/settings.ts';
import { openStores } from '../../worker/src/storage/stores.ts';
import { bareFfmpeg } from './lib/bare.ts';
import type { Bench } from './lib/bench.ts';
import { divideCores, keepSelfTo, keepTo } from './lib/cores.ts';
import { benchFilm } from './lib/film.ts';
import { planFilm } from './lib/plan.ts';

/** A part as long as one of a long film at this speed, between two others. */
const partSeconds = 30;
const rounds = 3;
const manyParts = 20;

export const fn: Bench = {
  what: 'one part by a call of a warm function over the bare ffmpeg command, on the same core',
  goal: 1.05,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 3 * partSeconds }));
    const { ratio, coldSeconds, warmSeconds, bareSeconds } = await onePart(path, log);
    const same = await byManyCalls(log);
    return {
      ratio,
      more: {
        'seconds of the part, warm': warmSeconds,
        'seconds of bare ffmpeg': bareSeconds,
        'seconds from the first call until its ffmpeg starts, cold': coldSeconds,
      },
      goals: [
        {
          what: `files of ${manyParts} parts by calls that differ from one worker's:`,
          value: same.different,
          goal: 0,
        },
      ],
    };
  },
};

/** The second of three parts, whose film is planned; the others are taken by workers that do not exist. */
async function onePart(film: string, log: (line: string) => void) {
  const cores = divideCores();
  using _kept = keepSelfTo(cores.others);
  const folder = await mkdtemp(join(tmpdir(), 'bench-function-'));
  const farm = await startLocalFarm();
  const stamps = join(folder, 'stamps.txt');
  const environment: WorkerEnvironment = {
    ...farm.environment,
    ENCODER: 'x264',
    PART_SECONDS: String(partSeconds),
    WORKERS_PER_FILM: '3',
    // Leases of the others that outlast the measurement.
    VISIBILITY_TIMEOUT_SECONDS: '3600',
    FFMPEG_PATH: await stampingFfmpeg(folder, stamps),
  };
  const functions = await LocalFunctions.start({
    ...{ name: 'worker', memoryMb: 10_240, timeoutSeconds: 900, concurrency: 1, dir: folder },
    environment,
  });
  try {
    const event = await plannedPart(farm, environment, film);
    const first = await event('cold');
    const startedAt = Date.now();
    const cold = functions.invoke(first);
    while (functions.busy.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    keepTo(cores.worker, functions.busy[0]?.pid ?? 0);
    await answered(cold);
    const coldSeconds = (Number((await readFile(stamps, 'utf8')).split('\n')[0]) - startedAt) / 1000;
    await using planned = await planFilm(film, { PART_SECONDS: String(partSeconds) }, workerThreads());
    const part = planned.plan.parts.find(
      (each): each is VideoPart => each.kind === 'video' && each.index === 1,
    );
    const times: { warm: number; bare: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const bare = await seconds(() =>
        bareFfmpeg(film, planned.plan, { audio: false, cores: cores.worker, part }),
      );
      const next = await event(`warm-${round}`);
      const warm = await seconds(() => answered(functions.invoke(next)));
      times.push({ warm, bare });
      log(`call ${warm.toFixed(2)} s, bare ffmpeg ${bare.toFixed(2)} s`);
    }
    const least = (of: 'warm' | 'bare') => Math.min(...times.map((time) => time[of]));
    const [warmSeconds, bareSeconds] = [least('warm'), least('bare')];
    return { ratio: warmSeconds / bareSeconds, coldSeconds, warmSeconds, bareSeconds };
  } finally {
    await functions.close();
    await farm.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Plans the film as the farm's planner does. @returns the event of its second part, for a job of any id */
async function plannedPart(farm: LocalFarm, environment: WorkerEnvironment, film: string) {
  const settings = readSettings(environment as Record<string, string>);
  const stores = openStores(settings);
  const key = basename(film);
  await farm.s3.send(
    new PutObjectCommand({
      Bucket: farm.sourceBucket,
      Key: key,
      Body: createReadStream(film),
      ContentLength: (await stat(film)).size,
    }),
  );
  const info = await stores.source.head(key);
  await using planned = await planFilm(
    film,
    { PART_SECONDS: environment.PART_SECONDS ?? '' },
    workerThreads(),
  );
  const { tools, encoder, media } = planned;
  const plan = makePlan(media, {
    sourceVersion: info?.versionId ?? info?.etag ?? '',
    encoding: settings.encoding,
    encoder,
    software: encodingIdentity(encoder, tools),
  });
  const signal = new AbortController().signal;
  return async (id: string): Promise<string> => {
    const job = { id, source: key, requestId: `request-${id}` };
    const folder = new JobFolder('', id).plan(plan.id);
    await writePlanFile(stores.output, folder, { request: { hash: 'bench' }, plan, probeSeconds: 0 }, signal);
    const lease = { version: 1, owner: 'nobody', messageId: 'none', renewals: 0, kept: false };
    const headers = { contentType: 'application/json', cacheControl: 'no-cache', signal };
    for (const { index } of plan.parts.filter((part) => part.index !== 1))
      await stores.output.put(folder.partLease(index), JSON.stringify(lease), headers);
    let sent: NewMessage | undefined;
    const queue = {
      async send(message: NewMessage) {
        sent = message;
      },
    };
    const request = { attempt: 1, queuedAt: new Date() };
    await sendPartRequest(queue, { job, plan: plan.id, firstPart: 1 }, { request });
    return JSON.stringify(partEvent(sent as unknown as NewMessage));
  };
}

/** Beyond what the film takes. x264's model of the buffer looks at how far its threads have come, so that bytes at the cap are chance. */
const uncapped = JSON.stringify([{ rung: '240p', bitrate: 50_000_000 }]);

/** A film of twenty parts, by calls and by one worker. */
async function byManyCalls(log: (line: string) => void): Promise<{ different: number }> {
  const film = await benchFilm({ seconds: 2 * manyParts, width: 320, height: 180 });
  const folder = await mkdtemp(join(tmpdir(), 'bench-function-'));
  const farm = await startLocalFarm({
    environment: {
      ENCODER: 'x264',
      LADDER: uncapped,
      SEGMENT_SECONDS: '2',
      PART_SECONDS: '2',
      WORKERS_PER_FILM: String(manyParts),
      SOURCE_PREFIX: 'never/',
    },
  });
  const sqs = new SQSClient({ endpoint: farm.endpoint, region: farm.region, credentials: localCredentials });
  const make = async (id: string) => {
    const job = JSON.stringify({ id, source: basename(film) });
    await sqs.send(new SendMessageCommand({ QueueUrl: farm.queueUrl, MessageBody: job }));
    const signal = AbortSignal.timeout(20 * 60_000);
    for await (const state of followJob(farm.s3, farm.outputBucket, id, signal))
      if (state.state === 'failed') throw new Error(state.error?.message);
    return hashesOf(farm, id);
  };
  try {
    const Body = createReadStream(film);
    const ContentLength = (await stat(film)).size;
    await farm.s3.send(
      new PutObjectCommand({ Bucket: farm.sourceBucket, Key: basename(film), Body, ContentLength }),
    );
    const functions = await startFunctions({ ...farm, dir: folder, concurrency: manyParts });
    const byCalls = await make('by-calls');
    log(
      `${functions.functions.environments.length} processes of the function made ${manyParts} parts and the sound`,
    );
    await functions[Symbol.asyncDispose]();
    const worker = startWorker(farm.environment);
    const byOne = await make('by-one');
    await worker.stop();
    const names = new Set([...byCalls.keys(), ...byOne.keys()]);
    const different = [...names].filter((name) => byCalls.get(name) !== byOne.get(name)).length;
    log(`${names.size} files of each, ${different} of them different`);
    return { different };
  } finally {
    sqs.destroy();
    await farm.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of a film's media and playlists, by name. */
async function hashesOf({ s3, outputBucket: Bucket }: LocalFarm, id: string): Promise<Map<string, string>> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${id}/` }));
  const keys = Contents.flatMap(({ Key = '' }) => (/\.(m4s|mp4|m3u8|jpg|vtt)$/.test(Key) ? [Key] : []));
  const hashes = keys.map(async (Key) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = (await Body?.transformToByteArray()) ?? '';
    return [Key.slice(id.length), createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return new Map(await Promise.all(hashes));
}

/** As the worker counts them (worker/src/encode/choose-encoder.ts). */
function workerThreads(): number {
  return Math.ceil(availableParallelism() * 1.5);
}

/** The real ffmpeg, behind the time of each run that encodes, in milliseconds. */
async function stampingFfmpeg(folder: string, stamps: string): Promise<string> {
  const path = join(folder, 'stamping-ffmpeg');
  const stamp = `[ "$1" = -version ] || /bin/date +%s%3N >>"${stamps}"`;
  await writeFile(path, `#!/bin/sh\n${stamp}\nPATH=/usr/local/bin:/usr/bin:/bin exec ffmpeg "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

async function answered(call: ReturnType<LocalFunctions['invoke']>): Promise<void> {
  const result = await call;
  if (result.kind !== 'answered') throw new Error(`The call failed: ${result.type}: ${result.message}`);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}
