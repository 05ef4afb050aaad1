import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { type HeldDeadLetter, release, takeDeadLetters } from '../../../cli/farm/dead-letters.ts';
import type { Farm } from '../../../cli/farm/farm.ts';
import { redrive } from '../../../cli/farm/redrive.ts';

it('takes 3,000 dead letters once each, and renews its hold on them when that takes long', async () => {
  let clockMs = 0;
  let next = 0;
  /** When each dead letter can be seen again. */
  const hiddenUntil = new Map<string, number>();
  const sqs = {
    send: async (command: object) => {
      clockMs += 2000;
      if (command instanceof ChangeMessageVisibilityBatchCommand) {
        clockMs -= 1900;
        for (const { ReceiptHandle = '', VisibilityTimeout = 0 } of command.input.Entries ?? [])
          hiddenUntil.set(ReceiptHandle, clockMs + VisibilityTimeout * 1000);
        return {};
      }
      const { VisibilityTimeout = 0 } = (command as ReceiveMessageCommand).input;
      const again = [...hiddenUntil].filter(([, until]) => until < clockMs).map(([id]) => id);
      const ids = [...again, ...Array.from({ length: 10 }, () => next++).filter((id) => id < 3000)].map(
        String,
      );
      for (const id of ids.slice(0, 10)) hiddenUntil.set(id, clockMs + VisibilityTimeout * 1000);
      expect(again).toEqual([]);
      return { Messages: ids.slice(0, 10).map((id) => ({ MessageId: id, ReceiptHandle: id, Body: '{}' })) };
    },
  };
  const farm = { sqs, address: { deadLetterQueueUrl: 'https://sqs/dead' } } as unknown as Farm;
  const deadLetters = await takeDeadLetters(farm, () => clockMs);
  expect(new Set(deadLetters.map(({ messageId }) => messageId)).size).toBe(3000);
  expect(deadLetters.length).toBe(3000);
});

/** Dead letters that are held, and an SQS that takes its time and notes how each batch went. */
function holdDeadLetters(count: number, bodyBytes = 2) {
  const deadLetters = Array.from({ length: count }, (_, index) => ({
    queue: 'jobs',
    message: { MessageId: `${index}`, ReceiptHandle: `${index}`, Body: ' '.repeat(bodyBytes) },
  })) as HeldDeadLetter[];
  const clock = { ms: 0 };
  const calls = { sent: [] as number[], deleted: [] as string[], renewed: [] as string[], released: 0 };
  const sqs = {
    async send(command: object) {
      clock.ms += 1000;
      if (command instanceof SendMessageBatchCommand) {
        const { Entries = [] } = command.input;
        calls.sent.push(Entries.length);
        return { Successful: Entries.map(({ Id }) => ({ Id })) };
      }
      const { Entries = [] } = (command as DeleteMessageBatchCommand).input;
      const handles = Entries.map(({ ReceiptHandle = '' }) => ReceiptHandle);
      if (command instanceof DeleteMessageBatchCommand) calls.deleted.push(...handles);
      if (command instanceof ChangeMessageVisibilityBatchCommand) {
        const [entry] = command.input.Entries ?? [];
        if (entry?.VisibilityTimeout === 0) calls.released += handles.length;
        else calls.renewed.push(...handles);
      }
      return {};
    },
  };
  const address = { queueUrl: 'https://sqs/jobs', deadLetterQueueUrl: 'https://sqs/dead' };
  return { farm: { sqs, address } as unknown as Farm, deadLetters, calls, now: () => clock.ms };
}

it('redrives 3,000 dead letters ten at a time, and holds those that wait', async () => {
  const { farm, deadLetters, calls, now } = holdDeadLetters(3000);
  const { signal } = new AbortController();
  const redriven: HeldDeadLetter[] = [];
  await redrive(farm, deadLetters, { signal, onRedriven: (done) => void redriven.push(...done), now });
  expect(calls.sent).toEqual(Array(300).fill(10));
  expect(calls.deleted).toEqual(deadLetters.map(({ message }) => message.ReceiptHandle));
  expect(redriven).toEqual(deadLetters);
  expect(calls.renewed).toContain('2999');
  expect(calls.renewed).not.toContain('0');
});

it('sends fewer at a time where they are large, as SQS limits the bytes of a batch', async () => {
  const { farm, deadLetters, calls } = holdDeadLetters(5, 90_000);
  await redrive(farm, deadLetters, { signal: new AbortController().signal, onRedriven: () => {} });
  expect(calls.sent).toEqual([2, 2, 1]);
});

it('puts 3,000 dead letters back with 300 calls', async () => {
  const { farm, deadLetters, calls, now } = holdDeadLetters(3000);
  await release(farm, deadLetters);
  expect(calls.released).toBe(3000);
  expect(now()).toBe(300_000);
});
