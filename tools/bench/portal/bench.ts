import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { localAddress } from '../../../cli/demo/keep.ts';
import { type LocalFarm, startLocalFarm } from '../../../cli/local-farm/farm.ts';
import { JobIndex } from '../../../worker/src/protocol/job-index.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import type { Bench } from '../lib/bench.ts';
import { memoryOf } from '../lib/cpu.ts';
import { limitCpu } from '../lib/cpu-budget.ts';
import type { Crowd, Seen } from './people.ts';

const people = 200;
const uploads = 20;
const cpus = 0.5;
const memoryBytes = 1e9;
const goalMs = 200;
const seconds = 20;
const runningJobs = 10;
const otherJobs = 30;
/** Workers write a job's status this often. */
const statusEveryMs = 2000;

export const portal: Bench = {
  what: `95th percentile of the calls that need no listing, of ${people} people who follow jobs and ${uploads} who upload, on ${cpus} vCPU, over ${goalMs} ms`,
  goal: 1,
  async run({ log }) {
    const farm = await startLocalFarm({ storage: 'memory' });
    const host = await startHost(farm);
    try {
      const ids = Array.from({ length: runningJobs }, (_, at) => `running-${at}`);
      await fill(farm, ids);
      const writer = setInterval(() => void writeStatuses(farm, ids), statusEveryMs);
      const tokens = await makeTokens(host.origin, host.signIn);
      // What it compiles at its first calls is no part of the measurement.
      await crowd({ origin: host.origin, tokens: tokens.slice(0, 20), jobs: ids, seconds: 3, uploads: 4 });
      using budget = limitCpu(host.pid, cpus);
      const { took, failures } = await crowd({ origin: host.origin, tokens, jobs: ids, seconds, uploads });
      clearInterval(writer);
      const calls = [...took.job, ...took.upload];
      const { peakBytes } = memoryOf(host.pid);
      log(
        `${calls.length + took.list.length} calls in ${seconds} s: ${took.job.length} of jobs, ${took.list.length} of lists, ${took.upload.length} of uploads`,
      );
      log(
        `${budget.usedSeconds().toFixed(1)} s of CPU, held for ${budget.heldSeconds().toFixed(1)} s; ${(peakBytes / 1e6).toFixed(0)} MB`,
      );
      const failed = Object.entries(failures);
      if (failed.length > 0)
        log(`failures: ${failed.map(([what, count]) => `${count} × ${what}`).join(', ')}`);
      return {
        ratio: percentile(calls, 0.95) / goalMs,
        more: {
          'median of jobs and uploads, ms': percentile(calls, 0.5),
          '95th percentile of lists, ms': percentile(took.list, 0.95),
        },
        goals: [
          // Less of a busy machine's doing than the times are.
          {
            what: 'share of its CPU that it used',
            value: budget.usedSeconds() / (cpus * seconds),
            goal: 0.7,
          },
          { what: 'memory in units of 1 GB', value: peakBytes / memoryBytes, goal: 1 },
          { what: 'calls that failed', value: failed.reduce((sum, [, count]) => sum + count, 0), goal: 0 },
        ],
      };
    } finally {
      host.stop();
      await farm.close();
    }
  },
};

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;
}

async function startHost(farm: LocalFarm) {
  const entry = fileURLToPath(new URL('host.ts', import.meta.url));
  const env = { ...process.env, FARM: JSON.stringify(localAddress(farm, ['.mp4'])) };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { origin, signIn } = JSON.parse(line) as { origin: string; signIn: string };
  return { pid: child.pid ?? 0, origin, signIn, stop: () => child.kill('SIGKILL') };
}

/** One person signs in, and makes a token for each other one: each has limits of their own. */
async function makeTokens(origin: string, signIn: string): Promise<string[]> {
  const signedIn = await fetch(signIn, { redirect: 'manual' });
  const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  const tokens: string[] = [];
  for (let person = 0; person < people; person += 1) {
    const answer = await fetch(`${origin}/api/tokens`, {
      method: 'POST',
      headers: { cookie, origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      body: JSON.stringify({ name: `person ${person}` }),
    });
    tokens.push(((await answer.json()) as { token: string }).token);
  }
  return tokens;
}

/** On a thread of its own: the emulated storage is busy on this one. */
async function crowd(workerData: Crowd): Promise<Seen> {
  const worker = new Worker(new URL('people.ts', import.meta.url), { workerData });
  const [seen] = (await once(worker, 'message')) as [Seen];
  return seen;
}

const begun = Date.now();

async function fill(farm: LocalFarm, ids: readonly string[]): Promise<void> {
  await writeStatuses(farm, ids);
  for (let at = 0; at < otherJobs; at += 1)
    await put(farm, jobState(`done-${at}`, { state: 'succeeded' }, at + 60));
  const index = new JobIndex('');
  const entries = [
    ...ids.map((id, at) => [id, at] as const),
    ...range(otherJobs).map((at) => [`done-${at}`, at + 60] as const),
  ];
  for (const [id, minutes] of entries) {
    const Key = index.key(id, new Date(queuedAt(minutes)));
    await farm.s3.send(new PutObjectCommand({ Bucket: farm.outputBucket, Key, Body: '', ContentLength: 0 }));
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at);
}

async function writeStatuses(farm: LocalFarm, ids: readonly string[]): Promise<void> {
  const percent = Math.min(99, (Date.now() - begun) / 1000);
  await Promise.all(
    ids.map((id, at) =>
      put(
        farm,
        jobState(
          id,
          {
            ...{ state: 'running', stage: 'encoding' },
            progress: {
              ...{ percent, framesPerSecond: 250, speed: 10, etaSeconds: 100 - percent },
              ...{ publishedBytes: percent * 1e7, publishedSegments: Math.floor(percent * 4) },
              renditions: ['1080p', '720p', '540p'],
            },
          },
          at,
        ),
      ),
    ),
  );
}

function queuedAt(minutesAgo: number): string {
  return new Date(begun - minutesAgo * 60_000).toISOString();
}

function jobState(id: string, more: Partial<JobState>, minutesAgo: number): JobState {
  return {
    ...{ id, source: `s3://films/${id}.mov`, state: 'queued', attempt: 1, maxAttempts: 3 },
    ...{ warnings: [], timings: { waitSeconds: 2 }, queuedAt: queuedAt(minutesAgo) },
    updatedAt: new Date().toISOString(),
    ...more,
  };
}

async function put({ s3, outputBucket: Bucket }: LocalFarm, job: JobState): Promise<void> {
  const Body = JSON.stringify(job);
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: `${job.id}/status.json`,
      Body,
      ContentLength: Buffer.byteLength(Body),
    }),
  );
}
