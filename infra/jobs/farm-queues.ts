import type * as pulumi from '@pulumi/pulumi';
import { functionVisibilitySeconds } from '../compute/worker-function.ts';
import type { FarmPieces } from '../pieces.ts';
import type { FarmSettings } from '../settings/settings.ts';
import { BucketEvents } from './bucket-events.ts';
import { Jobs } from './jobs.ts';
import { Parts } from './parts.ts';
import type { QueueArgs } from './queue.ts';

/** How jobs come in, from apps and from uploads, and wait; and how workers ask each other for parts of a film. */
export function createQueues(
  farm: string,
  { settings, source }: Pick<FarmPieces, 'settings' | 'source'>,
  own: pulumi.ComponentResourceOptions,
): Pick<FarmPieces, 'jobs' | 'parts' | 'uploadsStartJobs'> {
  const { sourceEvents, sourcePrefix: prefix, sourceSuffixes: suffixes } = settings.storage;
  const uploads = sourceEvents ? source.bucketArn : undefined;
  const args = queueArgs(settings);
  const jobs = new Jobs(
    `${farm}-jobs`,
    { ...args, senderBucketArns: uploads ? [uploads] : [], hasDoor: settings.door !== undefined },
    own,
  );
  const { topicArn, topicPolicy } = jobs;
  const { bucket } = source;
  if (uploads) new BucketEvents(`${farm}-uploads`, { bucket, topicArn, topicPolicy, prefix, suffixes }, own);
  const parts = new Parts(`${farm}-parts`, args, own);
  return { jobs, parts, uploadsStartJobs: uploads !== undefined };
}

/** A queue that calls a function hides a message for longer than the function runs. */
function queueArgs({ jobs, lanes, compute }: FarmSettings): QueueArgs {
  const { retentionDays } = jobs;
  const visibilityTimeoutSeconds =
    compute.kind === 'function' ? functionVisibilitySeconds : jobs.visibilityTimeoutSeconds;
  return { visibilityTimeoutSeconds, retentionDays, lanes };
}
