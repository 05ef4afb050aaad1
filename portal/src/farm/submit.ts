import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Farm } from '../../../cli/farm/farm.ts';
import { readJob } from '../../../cli/farm/jobs.ts';
import { laneAddress } from '../../../cli/farm/lanes.ts';
import { publishJob } from '../../../cli/farm/publish-job.ts';
import { storageTime } from '../../../cli/farm/storage-time.ts';
import { asciiJson } from '../../../worker/src/protocol/ascii-json.ts';
import type { Job } from '../../../worker/src/protocol/job.ts';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { JobIndex } from '../../../worker/src/protocol/job-index.ts';
import { laneOf } from '../../../worker/src/protocol/lanes.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { queuedState } from '../../../worker/src/report/reporter.ts';
import { Problem } from '../http/problem.ts';

/** What a worker does by default; it writes its own number when it takes the job. */
const maxAttempts = 3;
/** SNS takes 256 KiB, with the attributes of a message. */
const maxMessageBytes = 255 * 1024;
/** A person waits for the answer. */
const forSeconds = 10;

/**
 * Sends a job, and writes its first status before a worker can: so a job that waits is on the list. The message carries the
 * same time, so that the worker's status and this one have one entry in the index. It is storage's time, as that of stops is:
 * by a clock that is minutes off, an earlier stop would end this job, or a later one would not.
 * @throws UserError where the farm lacks the job's lane
 */
export async function submitJob(
  farm: Farm,
  job: Job,
  requestId: string,
  earlier?: JobState,
): Promise<JobState> {
  const { outputBucket: Bucket, outputPrefix } = farm.address;
  // Before anything is written of the job.
  laneAddress(farm.address, laneOf(job));
  const messageBytes = asciiJson(job).length;
  if (messageBytes > maxMessageBytes)
    throw new Problem(
      413,
      'job-too-large',
      `The job has ${messageBytes} bytes with its metadata and options; at most ${maxMessageBytes} are allowed. Leave some of its metadata out.`,
    );
  // The same request, sent twice, has waited since it was sent first: it has one entry in the index.
  const isSame = earlier?.state === 'queued' && earlier.requestId === requestId;
  const queuedAt = isSame ? new Date(earlier.queuedAt) : await storageTime(farm);
  const facts = { attempt: 1, maxAttempts, queuedAt, earlier };
  const { metadata, ...state } = queuedState({ ...job, requestId }, facts, queuedAt);
  const put = (Key: string, Body: string, ContentType: string) =>
    farm.output.send(
      new PutObjectCommand({
        ...{ Bucket, Key, Body, ContentType, CacheControl: 'no-cache' },
        // For an empty body the client warns that it is unknown.
        ContentLength: Buffer.byteLength(Body),
      }),
    );
  const entry = new JobIndex(outputPrefix).key(job.id, queuedAt);
  const statusKey = new JobFolder(outputPrefix, job.id).status;
  await put(statusKey, `${JSON.stringify(state, undefined, 2)}\n`, 'application/json');
  await put(entry, '', 'text/plain');
  try {
    await publishJob(farm, job, { requestId, queuedAt, forSeconds });
  } catch (error) {
    // An answer that was lost leaves the job in the queue, and a worker may have taken it.
    const now = await readJob(farm, job.id);
    if (now !== undefined && (now.state !== 'queued' || now.requestId !== requestId)) return now;
    // In no queue, as far as is known: its status must not say that it waits.
    await farm.output.send(new DeleteObjectCommand({ Bucket, Key: entry })).catch(() => undefined);
    if (earlier === undefined)
      await farm.output.send(new DeleteObjectCommand({ Bucket, Key: statusKey })).catch(() => undefined);
    else await put(statusKey, `${JSON.stringify(earlier, undefined, 2)}\n`, 'application/json');
    throw error;
  }
  return state;
}
