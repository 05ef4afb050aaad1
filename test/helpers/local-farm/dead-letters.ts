import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { TestFarm } from './local-farm.ts';

/** What SQS does in StartMessageMoveTask: body and attributes go back as they are. @returns how many */
export async function redriveAll({ sqs, queueUrl, deadLetterQueueUrl }: TestFarm): Promise<number> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: deadLetterQueueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
    }),
  );
  for (const { Body, MessageAttributes, ReceiptHandle } of Messages) {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: Body, MessageAttributes }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle }));
  }
  return Messages.length;
}
