import { GetTopicAttributesCommand, type SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { FarmAddress } from '../farm/address.ts';
import { lanesOf } from '../farm/lanes.ts';
import { attempt, type Finding, ok, warning } from './finding.ts';

/** Whether every queue and the topic answer, and the topic leads somewhere. */
export function checkQueues(
  { sqs, sns }: { sqs: SQSClient; sns: SNSClient },
  address: FarmAddress,
): Promise<Finding[]> {
  const fix =
    'If the farm was changed or removed, run "pulumi up" and save its outputs again; if access is denied, take another AWS_PROFILE.';
  const queue = (name: string, QueueUrl: string | undefined) =>
    QueueUrl === undefined
      ? []
      : [
          attempt(name, fix, async () => {
            const AttributeNames = ['ApproximateNumberOfMessages' as const];
            const { Attributes } = await sqs.send(
              new GetQueueAttributesCommand({ QueueUrl, AttributeNames }),
            );
            return ok(name, `answers; messages that wait: ${Attributes?.ApproximateNumberOfMessages ?? 0}`);
          }),
        ];
  const topic = (name: string, TopicArn: string) =>
    attempt(name, fix, async () => {
      const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
      const subscriptions = Number(Attributes?.SubscriptionsConfirmed ?? 0);
      if (subscriptions > 0) return ok(name, `answers; subscribers: ${subscriptions}`);
      const noSubscriber = 'SNS counts no subscribers: submitted jobs would go nowhere';
      return warning(name, noSubscriber, 'Look again in some minutes; if it stays so, run "pulumi up".');
    });
  return Promise.all([
    ...lanesOf(address).flatMap(({ lane, queueUrl, partsQueueUrl }) => {
      const of = lane === 'normal' ? '' : `${lane} `;
      return [...queue(`${of}queue`, queueUrl), ...queue(`${of}parts queue`, partsQueueUrl)];
    }),
    ...queue('dead letters', address.deadLetterQueueUrl),
    ...queue('dead parts', address.partsDeadLetterQueueUrl),
    ...lanesOf(address).map(({ lane, topicArn }) =>
      topic(lane === 'normal' ? 'topic' : `${lane} topic`, topicArn),
    ),
  ]);
}
