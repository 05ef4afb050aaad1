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
  const { outputBucket: Bucket, outputPrefix } = farm.address;
  const index = new JobIndex(outputPrefix);
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
    const read = await Promise.all(keys.map((key) => readEntry(farm, index, key)));
    jobs.push(...read.filter((job) => job !== undefined));
    last = keys.at(-1)?.slice(index.prefix.length) ?? last;
    if (IsTruncated !== true || keys.length === 0) {
      // Films from before there was an index.
      if (after === undefined && last === undefined) return { jobs: await listJobs(farm), after: undefined };
      return { jobs, after: undefined };
    }
  }
  return { jobs, after: last };
}

/** Undefined for an entry of a job that was deleted, or sent again since. */
async function readEntry(farm: OutputBucket, index: JobIndex, key: string): Promise<JobState | undefined> {
  const entry = index.read(key);
  if (entry === undefined) return undefined;
  const job = await readJob(farm, entry.jobId);
  return job && Date.parse(job.queuedAt) === entry.queuedAt.getTime() ? job : undefined;
}
