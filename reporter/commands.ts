import { z } from 'zod';
import { reportSchema } from '../worker/src/protocol/report.ts';
import { attemptAttributes, targets } from './attempt.ts';
import { checkDatabase, type DatabaseCheck } from './database/check.ts';
import type { ReportsQueue } from './queue.ts';
import type { ReporterSettings } from './settings.ts';
import { sampleEvent, sampleStates } from './webhooks/sample.ts';
import { type Delivery, sendOnce } from './webhooks/send-once.ts';

/**
 * What `farm` asks of the reporter by calling its function. The reporter has the network, the secrets and the right to send
 * reports, so what it answers holds for what it does.
 */
export const commandSchema = z.discriminatedUnion('command', [
  /** Posts a sample event to the farm's webhook, or to another address. */
  z.object({
    command: z.literal('test-webhook'),
    state: z.enum(sampleStates),
    url: z.url({ protocol: /^https?$/ }).optional(),
  }),
  /** Connects to the database. */
  z.object({ command: z.literal('check-database') }),
  /** Puts reports into the queue, to be delivered to one target once more. */
  z.object({
    command: z.literal('send'),
    target: z.enum(targets),
    reports: z.array(reportSchema).max(500),
  }),
]);

export type ReporterCommand = z.input<typeof commandSchema>;

/** What each command answers. */
export interface CommandAnswers {
  /** Undefined where the farm has no webhook. */
  'test-webhook': { url: string; body: string; delivery: Delivery } | undefined;
  /** Undefined where the farm has no database. */
  'check-database': DatabaseCheck | undefined;
  send: { sent: number };
}

/** @throws ZodError where it is not a command */
export async function runCommand(
  event: unknown,
  settings: ReporterSettings,
  queue: Pick<ReportsQueue, 'send'>,
): Promise<CommandAnswers[keyof CommandAnswers]> {
  const command = commandSchema.parse(event);
  switch (command.command) {
    case 'test-webhook': {
      const url = command.url ?? settings.webhooks?.url;
      if (settings.webhooks === undefined || url === undefined) return undefined;
      const sample = sampleEvent(command.state, new Date());
      const { secrets, allowPrivate } = settings.webhooks;
      const signal = AbortSignal.timeout(20_000);
      const delivery = await sendOnce(url, sample, secrets, { signal, callsPrivate: allowPrivate });
      return { url, body: sample.body, delivery };
    }
    case 'check-database':
      return settings.database && checkDatabase(settings.database.url, settings.database.ca);
    case 'send': {
      const now = new Date();
      const { target } = command;
      const attributes = attemptAttributes({ target, tries: 0, firstAt: now, redeliveredAt: now });
      const bodies = command.reports.map((report) => JSON.stringify(report));
      // Each is there or not, whatever becomes of the others: who asked again sends them again.
      for (let start = 0; start < bodies.length; start += sendsAtOnce) {
        const some = bodies.slice(start, start + sendsAtOnce);
        await Promise.all(some.map((body) => queue.send(body, attributes)));
      }
      return { sent: bodies.length };
    }
  }
}

const sendsAtOnce = 10;
