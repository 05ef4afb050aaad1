import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Farm } from '../../../cli/farm/farm.ts';
import { listJobs, readJob } from '../../../cli/farm/jobs.ts';
import { JobIndex } from '../../../worker/src/protocol/job-index.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';

type OutputBucket = Pick<Farm, 'address' | 'output'>;

export interface JobPage {
  jobs: JobState[];
  /** Where the next page begins; undefined on the last one. */
  after: string | undefined;
}

/** Jobs, newest first. @param after of the page before */
export async function readJobPage(farm: OutputBucket, limit: number, after?: string): Promise<JobPage> {
  const index = new JobIndex(farm.address.outputPrefix);
  const page = await readPage(farm, index, limit, after, ({ queuedAt }, job) => {
    // An entry of a job that was sent again since means nothing.
    return Date.parse(job.queuedAt) === queuedAt.getTime();
  });
  // Films from before there was an index.
  const isEmpty = page.jobs.length === 0 && after === undefined && page.seen === 0;
  return isEmpty ? { jobs: await listJobs(farm), after: undefined } : page;
}

/** Jobs of one owner, by when they were first sent. @param index of the owner */
export function readOwnJobPage(
  farm: OutputBucket,
  index: JobIndex,
  limit: number,
  after?: string,
): Promise<JobPage> {
  return readPage(farm, index, limit, after, () => true);
}

type IndexEntry = NonNullable<ReturnType<JobIndex['read']>>;

async function readPage(
  farm: OutputBucket,
  index: JobIndex,
  limit: number,
  after: string | undefined,
  counts: (entry: IndexEntry, job: JobState) => boolean,
): Promise<JobPage & { seen: number }> {
  const { outputBucket: Bucket } = farm.address;
  let seen = 0;
  const jobs: JobState[] = [];
  let last = after;
  while (jobs.length < limit) {
    const missing = limit - jobs.length;
    const { Contents = [], IsTruncated } = await farm.output.send(
      new ListObjectsV2Command({
        Bucket,
        Prefix: index.prefix,
        MaxKeys: missing,
        StartAfter: last === undefined ? undefined : index.prefix + last,
      }),
    );
    const keys = Contents.flatMap(({ Key }) => Key ?? []);
    seen += keys.length;
    const read = await Promise.all(keys.map((key) => readEntry(farm, index, key, counts)));
    for (const job of read) if (job && !jobs.some(({ id }) => id === job.id)) jobs.push(job);
    last = keys.at(-1)?.slice(index.prefix.length) ?? last;
    if (IsTruncated !== true || keys.length === 0) return { jobs, after: undefined, seen };
  }
  return { jobs, after: last, seen };
}

/** Undefined for an entry of a job that was deleted, and for one that does not count. */
async function readEntry(
  farm: OutputBucket,
  index: JobIndex,
  key: string,
  counts: (entry: IndexEntry, job: JobState) => boolean,
): Promise<JobState | undefined> {
  const entry = index.read(key);
  if (entry === undefined) return undefined;
  const job = await readJob(farm, entry.jobId);
  return job && counts(entry, job) ? job : undefined;
}
