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
  await expectEmptyQueues(faults);
  const found = await deadLetters(faults);
  expect(found.filter(({ attributes }) => attributes.jobId === jobId)).toEqual([]);
  await expectClean(faults);
  if (state.film === undefined) throw new Error(`${jobId} succeeded without a film`);
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
  await expectEmptyQueues(faults);
  await expectClean(faults);
  expect(await farm.read(`${jobId}/index.m3u8`)).toBeUndefined();
  const found = await deadLetters(faults);
  const own = found.filter(({ attributes }) => attributes.jobId === jobId);
  expect(own.length, 'dead letters of the job').toBe(1);
  expect(own[0]?.attributes).toMatchObject({ reasonCode: state.error?.code, reason: state.error?.message });
  await expectTold(faults, jobId, 'job.failed');
  return state;
}

async function expectEmptyQueues({ farm }: FaultFarm): Promise<void> {
  await until(async () => (await farm.backlog()) === 0, 'the message to be deleted');
  await until(
    async () => (await farm.backlog(farm.partsQueueUrl)) === 0,
    'all part requests to be taken',
    30,
  );
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

async function download({ farm }: FaultFarm, jobId: string, folder: string): Promise<string[]> {
  const prefix = `${jobId}/`;
  const files: string[] = [];
  for (const key of await farm.keys(prefix)) {
    const name = key.slice(prefix.length);
    // A job that is sent again notes there that earlier requests are over.
    if (name === 'status.json' || name === 'stop.json') continue;
    // Where storage answers late, leases are still released, and one whose release it never answered stays for good.
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
  expect(
    files.filter((file) => /\/leases\/|\/parts\/(?!\d{4}\.json$)/.test(file)),
    'leases and marks left behind',
  ).toEqual([]);
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
