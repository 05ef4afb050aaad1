import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { functionVisibilitySeconds } from '../compute/worker-function.ts';

/**
 * Tries of the door for a job. A message that no call of it ended, or that it was throttled for, is the workers' after them: SQS itself
 * puts it into the queue behind, in place of dead letters. So a door that is broken, slow or gone loses no job.
 */
const doorReceives = 3;

/**
 * A queue before one of jobs: a function looks at each message first. Lambda takes no queue that hides messages for less time than the
 * function may run, so it can't be the queue of the workers, who notice a lost one of theirs sooner.
 */
export function createDoor(
  parent: pulumi.Resource,
  name: string,
  { queue, retentionDays }: { queue: aws.sqs.Queue; retentionDays: number },
): aws.sqs.Queue {
  const door = new aws.sqs.Queue(
    name,
    {
      visibilityTimeoutSeconds: functionVisibilitySeconds,
      messageRetentionSeconds: retentionDays * 86_400,
      receiveWaitTimeSeconds: 20,
      sqsManagedSseEnabled: true,
    },
    { parent },
  );
  new aws.sqs.RedrivePolicy(
    name,
    {
      queueUrl: door.url,
      redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: queue.arn, maxReceiveCount: doorReceives }),
    },
    { parent },
  );
  return door;
}
