/** Where a report goes. */
export const targets = ['webhook', 'batch', 'database'] as const;
export type Target = (typeof targets)[number];

/**
 * What a message of the reports queue says beside the report itself, in attributes. SQS delays a message by 15 minutes at most, so
 * a longer wait is made of several messages, and each retry is a message that takes the place of the one before.
 */
export interface Attempt {
  /** Undefined on a worker's own message: all targets. */
  target?: Target;
  /** Tries that failed. */
  tries: number;
  /** When the report was first taken from the queue. */
  firstAt: Date;
  /** Not to be tried before. */
  dueAt?: Date;
  /** Somebody asked at this time for the event to be delivered once more. */
  redeliveredAt?: Date;
}

export function readAttempt(attributes: Readonly<Record<string, string>>, sentAt: Date): Attempt {
  const { target, tries = '', firstAt, dueAt, redeliveredAt } = attributes;
  const due = readDate(dueAt);
  const redelivered = readDate(redeliveredAt);
  return {
    ...(isTarget(target) ? { target } : {}),
    tries: /^\d{1,4}$/.test(tries) ? Number(tries) : 0,
    firstAt: readDate(firstAt) ?? sentAt,
    ...(due === undefined ? {} : { dueAt: due }),
    ...(redelivered === undefined ? {} : { redeliveredAt: redelivered }),
  };
}

export function attemptAttributes(attempt: Attempt): Record<string, string> {
  const { target, tries, firstAt, dueAt, redeliveredAt } = attempt;
  return {
    ...(target === undefined ? {} : { target }),
    tries: String(tries),
    firstAt: firstAt.toISOString(),
    ...(dueAt === undefined ? {} : { dueAt: dueAt.toISOString() }),
    ...(redeliveredAt === undefined ? {} : { redeliveredAt: redeliveredAt.toISOString() }),
  };
}

/** What became of one try. */
export type TargetResult =
  /** Delivered, or there is nothing to deliver. */
  | { kind: 'done' }
  /**
   * Once more, later. `counts`: as a failed try of the schedule.
   * @property afterwards must run after the next message was sent: a record never names a try that no message is left for
   */
  | { kind: 'again'; inSeconds: number; counts: boolean; why: string; afterwards?: () => Promise<void> }
  | { kind: 'give-up'; code: string; why: string; afterwards?: () => Promise<void> };

function isTarget(text: string | undefined): text is Target {
  return (targets as readonly (string | undefined)[]).includes(text);
}

function readDate(text: string | undefined): Date | undefined {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
