import { ChangeMessageVisibilityBatchCommand, type ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { takeDeadLetters } from '../../../cli/farm/dead-letters.ts';
import type { Farm } from '../../../cli/farm/farm.ts';

it('takes 3,000 dead letters once each, and renews its hold on them when that takes long', async () => {
  let clockMs = 0;
  let next = 0;
  /** When each letter can be seen again. */
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
  const letters = await takeDeadLetters(farm, () => clockMs);
  expect(new Set(letters.map(({ messageId }) => messageId)).size).toBe(3000);
  expect(letters.length).toBe(3000);
});
