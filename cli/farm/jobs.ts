import { GetObjectCommand, NoSuchKey, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { jobIdSchema } from '../../worker/src/protocol/job.ts';
import { JobFolder } from '../../worker/src/protocol/job-folder.ts';
import { type JobState, readJobState } from '../../worker/src/protocol/status.ts';
import { UserError } from '../errors.ts';
import type { Farm } from './farm.ts';
import { readQueues } from './queues.ts';

type OutputBucket = Pick<Farm, 'address' | 'output'>;

/** Read at once. */
const readsAtOnce = 16;

/** The status of a job. Undefined where it has none: it is queued, or does not exist. */
export async function readJob({ address, output }: OutputBucket, id: string): Promise<JobState | undefined> {
  if (!jobIdSchema.safeParse(id).success)
    throw new UserError(`${JSON.stringify(id)} is not a job id. "farm jobs" lists the ids.`);
  try {
    const Key = new JobFolder(address.outputPrefix, id).status;
    const object = await output.send(new GetObjectCommand({ Bucket: address.outputBucket, Key }));
    return readJobState((await object.Body?.transformToString()) ?? '');
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** @throws UserError for a job without a status that can't be queued either */
export async function knownJob(farm: OutputBucket & Pick<Farm, 'sqs'>, id: string): Promise<JobState> {
  const job = await readJob(farm, id);
  if (job) return job;
  const { waiting, inFlight, delayed } = await readQueues(farm);
  throw new UserError(
    waiting + inFlight + delayed > 0
      ? `Job "${id}" has no status yet. It may still be queued; "farm jobs" lists the jobs that have started.`
      : `No job named "${id}". "farm jobs" lists the jobs.`,
  );
}

/** Every job that has a status, the most recently updated first. Reads one small object a job. */
export async function listJobs(farm: OutputBucket): Promise<JobState[]> {
  const { outputBucket: Bucket, outputPrefix: Prefix } = farm.address;
  const pages = paginateListObjectsV2({ client: farm.output }, { Bucket, Prefix, Delimiter: '/' });
  const jobs: JobState[] = [];
  for await (const { CommonPrefixes = [] } of pages) {
    const ids = CommonPrefixes.map((folder) => (folder.Prefix ?? '').slice(Prefix.length, -1)).filter(
      (id) => jobIdSchema.safeParse(id).success,
    );
    for (let at = 0; at < ids.length; at += readsAtOnce) {
      const read = await Promise.all(ids.slice(at, at + readsAtOnce).map((id) => readJob(farm, id)));
      jobs.push(...read.filter((job) => job !== undefined));
    }
  }
  return jobs.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
}
