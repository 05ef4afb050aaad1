import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { type PartRecord, partRecordSchema } from '../../../worker/src/protocol/part-record.ts';
import type { Film, JobState } from '../../../worker/src/protocol/status.ts';
import { checkFilm, type ExpectedFilm } from '../media/film-checks.ts';
import { isStrict } from '../strictness.ts';
import { until } from '../until.ts';
import { clip, type FaultFarm } from './fault-farm.ts';
import { filesIn, processesIn } from './processes.ts';

/**
 * What must hold after any fault: one whole film that plays and is reported, its message gone, and nothing left behind.
 */
export async function expectFilm(
  faults: FaultFarm,
  jobId: string,
  { film = clip.film, timeoutSeconds = 60 }: { film?: ExpectedFilm; timeoutSeconds?: number } = {},
): Promise<JobState> {
  const { farm } = faults;
  const state = await farm.waitFor(jobId, 'succeeded', timeoutSeconds);
  await expectIdle(faults);
  const found = await deadLetters(faults);
  expect(found.filter(({ attributes }) => attributes.jobId === jobId)).toEqual([]);
  await expectClean(faults);
  if (state.film === undefined) throw new Error(`${jobId} succeeded without a film`);
  await expectNoMarks(faults, jobId);
  const folder = join(faults.folder, 'published', jobId);
  const files = await download(faults, jobId, folder);
  await checkRecords(files, folder, state.film);
  const published = { folder, files, film: state.film, warnings: state.warnings, progress: [], making: [] };
  await checkFilm(published, film);
  await expectTold(faults, jobId, 'job.succeeded');
  return state;
}

/** What must hold after a fault that no attempt can fix: no film, the reason reported, the message in the dead letters. */
export async function expectRefused(
  faults: FaultFarm,
  jobId: string,
  code: string | RegExp,
  timeoutSeconds = 60,
): Promise<JobState> {
  const { farm } = faults;
  const state = await farm.waitFor(jobId, 'failed', timeoutSeconds);
  expect(state.error?.code).toMatch(code);
  expect(state.error?.message).toBeTruthy();
  await expectIdle(faults);
  await expectClean(faults);
  expect(await farm.read(`${jobId}/index.m3u8`)).toBeUndefined();
  const found = await deadLetters(faults);
  const own = found.filter(({ attributes }) => attributes.jobId === jobId);
  expect(own.length, 'dead letters of the job').toBe(1);
  expect(own[0]?.attributes).toMatchObject({ reasonCode: state.error?.code, reason: state.error?.message });
  await expectTold(faults, jobId, 'job.failed');
  return state;
}

/** Whoever had a message of the job has cleaned up: the message goes after that, and a call of a function ends after that. */
async function expectIdle({ farm }: FaultFarm): Promise<void> {
  const { doorQueueUrl, partsQueueUrl, functions } = farm;
  await until(async () => (await farm.backlog()) === 0, 'the message to be deleted');
  await until(async () => (await farm.backlog(partsQueueUrl)) === 0, 'all part requests to be taken', 30);
  if (doorQueueUrl !== undefined)
    await until(async () => (await farm.backlog(doorQueueUrl)) === 0, "the door's message to be deleted", 30);
  await until(() => [...functions].every(({ busy }) => busy.length === 0), 'all calls to end', 30);
}

/** Nothing on the local disk, and no media tool that still runs there. */
export async function expectClean({ farm: { env } }: FaultFarm): Promise<void> {
  const workDir = env.WORK_DIR ?? '';
  await until(async () => (await processesIn(workDir)).length === 0, 'media tools to end');
  await until(async () => (await filesIn(workDir)).length === 0, `${workDir} to be empty`).catch(
    async (error) => {
      expect(await filesIn(workDir)).toEqual([]);
      throw error;
    },
  );
}

export interface DeadLetter {
  body: string;
  attributes: Record<string, string | undefined>;
}

/** Looks at all dead letters without taking them away. */
export async function deadLetters({ farm }: FaultFarm): Promise<DeadLetter[]> {
  const { Messages = [] } = await farm.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: farm.deadLetterQueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages.map(({ Body = '', MessageAttributes = {} }) => ({
    body: Body,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
    ),
  }));
}

/** The receiver got the end, under one id however often. */
async function expectTold({ receiver }: FaultFarm, jobId: string, type: string): Promise<void> {
  const ids = () =>
    receiver.deliveries
      .filter(({ body }) => {
        const event = JSON.parse(body) as { type: string; data: JobState };
        return event.type === type && event.data.id === jobId;
      })
      .map(({ headers }) => headers['webhook-id']);
  // A call that storage never answers costs the reporter ten seconds.
  await until(() => ids().length > 0, `${type} to be reported`, 60);
  expect(new Set(ids()).size, `ids of ${type}`).toBe(1);
}

/**
 * No lease, and no mark of where the film ends. A stopped worker releases its leases while it gives its message back. Where
 * storage answers late that takes longer, and a lease whose release it never answered stays for good.
 */
async function expectNoMarks({ farm }: FaultFarm, jobId: string): Promise<void> {
  const pattern = isStrict ? /\/parts\/(?!\d{4}\.json$)/ : /\/leases\/|\/parts\/(?!\d{4}\.json$)/;
  const marks = async () => (await farm.keys(`${jobId}/`)).filter((key) => pattern.test(key));
  await until(async () => (await marks()).length === 0, 'leases and marks to be removed').catch(async () => {
    expect(await marks(), 'leases and marks left behind').toEqual([]);
  });
}

async function download({ farm }: FaultFarm, jobId: string, folder: string): Promise<string[]> {
  const prefix = `${jobId}/`;
  const files: string[] = [];
  for (const key of await farm.keys(prefix)) {
    const name = key.slice(prefix.length);
    // A job that is sent again notes there that earlier requests are over.
    if (name === 'status.json' || name === 'stop.json') continue;
    // See `expectNoMarks`.
    if (isStrict && name.includes('/leases/')) continue;
    const { Body } = await farm.s3.send(new GetObjectCommand({ Bucket: farm.outputBucket, Key: key }));
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), (await Body?.transformToByteArray()) ?? '');
    files.push(name);
  }
  return files.sort();
}

/** One plan's folder alone, and every segment of a rendition that the film names as large as it was recorded. */
async function checkRecords(
  files: readonly string[],
  folder: string,
  { plan, renditions }: Pick<Film, 'plan' | 'renditions'>,
): Promise<void> {
  const named = new Set(renditions.map(({ name }) => name));
  const plans = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
  expect([...plans]).toEqual([plan]);
  for (const file of files.filter((name) => name.includes('/parts/'))) {
    const record: PartRecord = partRecordSchema.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
    for (const { name, segments } of record.renditions.filter(({ name }) => named.has(name))) {
      for (const { number, bytes } of segments) {
        const path = join(folder, plan, name, `${String(number).padStart(5, '0')}.m4s`);
        expect((await readFile(path)).length, `${name} ${number}`).toBe(bytes);
      }
    }
  }
}
