import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Emulator, localCredentials } from '../../../cli/local-farm/emulator.ts';
import { startLocalFarm as startFarm } from '../../../cli/local-farm/farm.ts';
import type { LocalFunctions } from '../../../cli/local-farm/functions/functions.ts';
import type { FarmProcess } from '../../../cli/local-farm/process.ts';
import { type ReporterProcessEnvironment, startReporter } from '../../../cli/local-farm/reporter.ts';
import { startWorker, type WorkerProcess } from '../../../cli/local-farm/worker.ts';
import type { ReporterEnvironment } from '../../../reporter/settings.ts';
import { asciiJson } from '../../../worker/src/protocol/ascii-json.ts';
import type { Job } from '../../../worker/src/protocol/job.ts';
import type { ExtraLane } from '../../../worker/src/protocol/lanes.ts';
import type { JobState, JobStateName } from '../../../worker/src/protocol/status.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { isStrict, patience } from '../strictness.ts';
import { startStrictServices } from './strict-services.ts';

export interface TestFarmOptions {
  /** Settings of every worker, on top of the farm's own. */
  env?: Partial<WorkerEnvironment>;
  /** @default 10: a lost worker is noticed in time for a test */
  visibilityTimeoutSeconds?: number;
  /** Priority lanes. @default none */
  lanes?: readonly ExtraLane[];
  /** A function looks at jobs before workers do. @default none does */
  door?: { functionsPerFilm: number };
  /** Whether workers send reports, as in a farm with a webhook or a database. */
  reports?: boolean;
  /** @default in memory, where any key of S3 can be kept; on disk, keys must be fit for file names */
  storage?: 'disk' | 'memory';
  /**
   * Put between the workers and the farm: given its address (`http://127.0.0.1:PORT`), starts something that passes
   * requests on, and returns that thing's address.
   */
  through?: { s3?: (endpoint: string) => Promise<string>; sqs?: (endpoint: string) => Promise<string> };
}

/** A farm for tests of whole workers: real queue and storage protocols, real worker processes, nothing stood in for. */
export interface TestFarm {
  sqs: SQSClient;
  s3: S3Client;
  sourceBucket: string;
  outputBucket: string;
  queueUrl: string;
  deadLetterQueueUrl: string;
  partsQueueUrl: string;
  doorQueueUrl: string | undefined;
  lanes: Emulator['lanes'];
  reportsQueueUrl: string;
  reportsDeadLetterQueueUrl: string;
  reportsBucket: string;
  /** What workers get by default. */
  env: WorkerEnvironment;
  /** The same for a worker that is a function: its role is another one. */
  functionEnv: WorkerEnvironment;
  /** Functions that take its jobs, see `functionsFor`. */
  functions: Set<Pick<LocalFunctions, 'busy'>>;
  /** Puts a file, or bytes, into the source bucket, whose event makes it a job. */
  put(key: string, content: string | Buffer): Promise<void>;
  /** Sends a job to the queue, or to the one before it; `source` is a key in the source bucket or a URL. */
  sendJob(job: Omit<Job, 'id'> & { id?: string }): Promise<string>;
  /** A worker with this farm's settings and `env` on top; stopped with the farm. */
  startWorker(env?: Partial<WorkerEnvironment>): WorkerProcess;
  /** A reporter with this farm's settings and `env` on top; stopped with the farm. */
  startReporter(env?: Partial<ReporterEnvironment & ReporterProcessEnvironment>): FarmProcess;
  /** Waits until `status.json` reports one of the states. Fails at once when the job ends in another. */
  waitFor(
    jobId: string,
    states: JobStateName | readonly JobStateName[],
    timeoutSeconds?: number,
  ): Promise<JobState>;
  /** Names of the jobs that have reported a state. */
  jobIds(): Promise<string[]>;
  /** Text of a published object; undefined when there is none. */
  read(key: string): Promise<string | undefined>;
  /** A published object that is there. */
  readBytes(key: string): Promise<Uint8Array>;
  keys(prefix: string): Promise<string[]>;
  /** Messages waiting or in flight. */
  backlog(queueUrl?: string): Promise<number>;
  stop(): Promise<void>;
}

const credentialsAndRegion = { region: 'us-east-1', credentials: localCredentials };
const over: readonly JobStateName[] = ['succeeded', 'failed'];

/** Where the role's credentials are to be had; by default there are no roles. */
function credentialsOf(environment: object): object {
  const name = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
  return name in environment ? { [name]: environment[name] } : {};
}

export async function startLocalFarm(options: TestFarmOptions = {}): Promise<TestFarm> {
  const strict = isStrict ? await startStrictServices() : undefined;
  const farm = await startFarm({
    visibilityTimeoutSeconds: options.visibilityTimeoutSeconds ?? 10,
    storage: options.storage ?? 'memory',
    lanes: options.lanes,
    door: options.door,
    rules: strict?.rules,
  });
  // The queue of reports is left out below where a test wants none.
  const environment = { ...farm.environment, REPORTS_QUEUE_URL: farm.reportsQueueUrl };
  const forProgram = (program: 'worker' | 'function' | 'door') =>
    strict?.withRole(program, { ...environment, ...(program === 'door' && farm.doorEnvironment) }) ??
    environment;
  const env: WorkerEnvironment = {
    ...forProgram('worker'),
    RETRY_DELAY_SECONDS: '1',
    LOG_LEVEL: 'debug',
  };
  if (options.through?.s3) {
    env.SOURCE_ENDPOINT = env.OUTPUT_ENDPOINT = await options.through.s3(farm.endpoint);
  }
  if (options.through?.sqs) env.SQS_ENDPOINT = await options.through.sqs(farm.endpoint);
  env.REPORTS_QUEUE_URL = options.reports ? farm.reportsQueueUrl : undefined;
  Object.assign(env, options.env);

  const sqs = new SQSClient({ endpoint: farm.endpoint, ...credentialsAndRegion });
  const workers: WorkerProcess[] = [];
  const reporters: FarmProcess[] = [];
  const { s3, sourceBucket, outputBucket } = farm;

  const read = async (key: string) => {
    try {
      const object = await s3.send(new GetObjectCommand({ Bucket: outputBucket, Key: key }));
      return await object.Body?.transformToString();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  };

  const waitFor: TestFarm['waitFor'] = async (jobId, states, limitSeconds = 60) => {
    const timeoutSeconds = limitSeconds * patience;
    const wanted = [states].flat();
    const deadline = Date.now() + timeoutSeconds * 1000;
    let last: JobState | undefined;
    for (;;) {
      const text = await read(`${env.OUTPUT_PREFIX ?? ''}${jobId}/status.json`);
      last = text === undefined ? last : (JSON.parse(text) as JobState);
      if (last && wanted.includes(last.state)) return last;
      const reported = last ? `${last.state}: ${last.error?.message ?? 'no error'}` : 'nothing yet';
      if (last && over.includes(last.state))
        throw new Error(`Job ${jobId} is ${reported}; wanted ${wanted.join(' or ')}`);
      if (Date.now() > deadline) {
        const log = workers.flatMap((worker) => worker.log.slice(-5)).join('\n');
        throw new Error(
          `Job ${jobId} is not ${wanted.join(' or ')} after ${timeoutSeconds} s (${reported}).\n${log}`,
        );
      }
      await sleep(100);
    }
  };

  return {
    sqs,
    s3,
    sourceBucket,
    outputBucket,
    queueUrl: farm.queueUrl,
    deadLetterQueueUrl: farm.deadLetterQueueUrl,
    partsQueueUrl: farm.partsQueueUrl,
    doorQueueUrl: farm.doorQueueUrl,
    lanes: farm.lanes,
    reportsQueueUrl: farm.reportsQueueUrl,
    reportsDeadLetterQueueUrl: farm.reportsDeadLetterQueueUrl,
    reportsBucket: farm.reportsBucket,
    env,
    functionEnv: {
      ...env,
      ...farm.doorEnvironment,
      ...credentialsOf(forProgram(options.door ? 'door' : 'function')),
    },
    functions: new Set(),
    read,
    readBytes: async (key) => {
      const object = await s3.send(new GetObjectCommand({ Bucket: outputBucket, Key: key }));
      return (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    },
    waitFor,
    put: async (key, content) => {
      const body = typeof content === 'string' ? createReadStream(content) : content;
      await s3.send(new PutObjectCommand({ Bucket: sourceBucket, Key: key, Body: body }));
    },
    sendJob: async ({ id = `job-${randomUUID().slice(0, 8)}`, ...job }) => {
      const body = asciiJson({ id, ...job });
      await sqs.send(
        new SendMessageCommand({ QueueUrl: farm.doorQueueUrl ?? farm.queueUrl, MessageBody: body }),
      );
      return id;
    },
    startWorker: (own = {}) => {
      const worker = startWorker({ ...env, ...own }, join(farm.dir, `worker-${workers.length}.log`));
      workers.push(worker);
      return worker;
    },
    startReporter: (own = {}) => {
      const logFile = join(farm.dir, `reporter-${reporters.length}.log`);
      // What it could not do comes back soon: its records are on S3, and the strict storage limits writes to a key as R2 does.
      const soon = { ...farm.reporterEnvironment, VISIBILITY_TIMEOUT_SECONDS: '5' };
      const given = strict?.withRole('reporter', soon) ?? farm.reporterEnvironment;
      const environment = { ...given, LOG_LEVEL: 'debug' as const, ...own };
      const reporter = startReporter(environment, logFile);
      reporters.push(reporter);
      return reporter;
    },
    jobIds: async () => {
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: outputBucket, Delimiter: '/' }));
      const folders = (listed.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.slice(0, -1));
      return folders.filter((folder) => folder !== '_index');
    },
    keys: async (prefix) => {
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: outputBucket, Prefix: prefix }));
      return (listed.Contents ?? []).map(({ Key = '' }) => Key);
    },
    backlog: async (queueUrl = farm.queueUrl) => {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: queueUrl,
          AttributeNames: [
            'ApproximateNumberOfMessages',
            'ApproximateNumberOfMessagesNotVisible',
            'ApproximateNumberOfMessagesDelayed',
          ],
        }),
      );
      return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
    },
    stop: async () => {
      await Promise.all([...workers, ...reporters].map((each) => each.stop(5)));
      sqs.destroy();
      await farm.close();
      await strict?.[Symbol.asyncDispose]();
    },
  };
}
