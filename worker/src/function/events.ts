import { z } from 'zod';
import type { NewMessage, ReceivedMessage } from '../protocol/queue-message.ts';

/** One message of a queue, as the event source of Lambda hands it over. */
const queueEventSchema = z.object({
  Records: z.tuple([
    z.object({
      eventSourceARN: z.string(),
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({
        ApproximateReceiveCount: z.coerce.number().int(),
        SentTimestamp: z.coerce.number(),
        MessageGroupId: z.string().optional(),
      }),
      messageAttributes: z.record(z.string(), z.object({ stringValue: z.string().optional() })),
    }),
  ]),
});

/** A part request, in an event that the function sends to itself. */
const partEventSchema = z.strictObject({
  partRequest: z.object({
    body: z.string(),
    attributes: z.record(z.string(), z.string()),
    groupId: z.string().optional(),
  }),
});

export interface FunctionEvent {
  /** The name of the queue that it is from; undefined where the function sent it to itself. */
  queueName: string | undefined;
  message: ReceivedMessage;
}

/**
 * @param requestId of the call: names the message where the event has no name
 * @throws Error that says what the function takes
 */
export function readEvent(event: unknown, requestId: string): FunctionEvent {
  const part = partEventSchema.safeParse(event);
  if (part.success) {
    const { groupId, ...request } = part.data.partRequest;
    const unnamed = { id: requestId, receiptHandle: '', receiveCount: 1, sentAt: new Date() };
    return {
      queueName: undefined,
      message: { ...unnamed, ...request, ...(groupId === undefined ? {} : { groupId }) },
    };
  }
  const queue = queueEventSchema.safeParse(event);
  if (queue.success) {
    const [record] = queue.data.Records;
    return { queueName: record.eventSourceARN.split(':').at(-1), message: fromQueue(record) };
  }
  throw new Error(
    'This function takes one message of its jobs queue (batch size 1), or a part request of its own; the event is neither. ' +
      'To make a film, send a job: farm submit FILE.',
  );
}

/** The event by which a function asks itself for one more worker. */
export function partEvent({ body, attributes = {}, groupId }: NewMessage): z.input<typeof partEventSchema> {
  return { partRequest: { body, attributes, ...(groupId === undefined ? {} : { groupId }) } };
}

function fromQueue({
  messageId,
  receiptHandle,
  body,
  attributes,
  messageAttributes,
}: z.output<typeof queueEventSchema>['Records'][0]): ReceivedMessage {
  const { ApproximateReceiveCount, SentTimestamp, MessageGroupId } = attributes;
  const texts = Object.entries(messageAttributes).flatMap(([name, { stringValue }]) =>
    stringValue === undefined ? [] : [[name, stringValue] as const],
  );
  return {
    id: messageId,
    receiptHandle,
    body,
    receiveCount: ApproximateReceiveCount,
    sentAt: new Date(SentTimestamp),
    attributes: Object.fromEntries(texts),
    ...(MessageGroupId === undefined ? {} : { groupId: MessageGroupId }),
  };
}
