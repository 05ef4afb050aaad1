import { z } from 'zod';
import {
  type DeadLetter,
  type HeldDeadLetter,
  release,
  takeDeadLetters,
} from '../../../cli/farm/dead-letters.ts';
import { readQueues } from '../../../cli/farm/queues.ts';
import { redriveChosen } from '../../../cli/farm/redrive.ts';
import { readWorkers } from '../../../cli/farm/workers.ts';
import { ladderNames } from '../../../worker/src/plan/ladder.ts';
import { readDay } from '../farm/day.ts';
import { Remembered } from '../farm/remembered.ts';
import { takesOptions } from '../farm/upload-place.ts';
import { json } from '../http/answers.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';

/** A load balancer waits a minute, a function's caller less. */
const callSeconds = 25;

const countsSchema = z.object({ waiting: z.number(), inFlight: z.number(), delayed: z.number() });
const fleetSchema = z.object({ wanted: z.number(), starting: z.number(), running: z.number() });

const farmSchema = z.object({
  region: z.string().nullable().describe('null for a farm on this machine'),
  storage: z.object({ source: z.string(), output: z.string() }),
  queues: countsSchema.extend({ dead: z.number(), parts: countsSchema.optional() }),
  workers: fleetSchema.nullable().describe('null where it is unknown'),
  instances: fleetSchema.extend({ stopping: z.number() }).optional().describe('GPU machines'),
  ladders: z.array(z.string()),
  presets: z.array(z.string()).describe('Names that `options.preset` of a job may have'),
  encryption: z.boolean().describe('Whether `options.encryption` of a job may be "aes-128"'),
  uploadOptions: z
    .boolean()
    .describe('Whether jobs of uploads can have options; false where every upload starts a job by itself'),
  urls: z.boolean().describe('Whether jobs may name http(s) URLs'),
  maxUploadBytes: z.number(),
  publicUrl: z.string().nullable(),
});

const hourSchema = z.object({
  at: z.iso.datetime().describe('Beginning of the hour'),
  jobs: z.number().int(),
  succeeded: z.number().int(),
  failed: z.number().int(),
  waitSeconds: z.number().nullable().describe('Median time in the queue'),
  speed: z.number().nullable().describe('Median, film seconds per second of work'),
  usd: z.number().nullable().describe('Workers’ time, as it is estimated; null where it has no price'),
});

const daySchema = z.object({
  hours: z.array(hourSchema).describe('24, the oldest first; the last one is not over'),
  jobs: z.number().int(),
  read: z.number().int().describe('Jobs that the figures but for `jobs` are of, the newest'),
  oldestOpenAt: z
    .string()
    .nullable()
    .describe('When the oldest of these jobs that is not over entered the queue'),
});

/** Reading a day is some hundred requests. */
const dayMs = 60_000;

const deadLetterSchema = z.object({
  queue: z.enum(['jobs', 'parts']),
  messageId: z.string(),
  jobId: z.string().optional(),
  source: z.string().optional(),
  reason: z.string().optional(),
  reasonCode: z.string().optional(),
  sentAt: z.string(),
});

export function farmRoutes({ farm, features, machine, now, uploadFilters }: Services): Route[] {
  const { address } = farm;
  const day = new Remembered(
    async () => readDay(farm, await machine.read().catch(() => undefined), now()),
    dayMs,
    now,
  );
  return [
    route({
      id: 'getFarm',
      method: 'GET',
      path: '/api/farm',
      summary: 'Queues, workers, and what the farm allows',
      answer: { status: 200, description: 'The farm', schema: farmSchema },
      handle: async () => {
        const [queues, workers] = await Promise.all([
          readQueues(farm),
          readWorkers(farm).catch(() => undefined),
        ]);
        return json({
          region: address.local === undefined ? address.region : null,
          storage: { source: address.sourceStorage, output: address.outputStorage },
          queues,
          workers: workers?.tasks ?? null,
          ...(workers?.instances && { instances: workers.instances }),
          ladders: ladderNames,
          presets: Object.keys((await machine.read().catch(() => undefined))?.settings.presets ?? {}).sort(),
          encryption: Boolean(address.encryptionKeyUrl),
          uploadOptions: takesOptions(await uploadFilters()),
          urls: features.urls,
          maxUploadBytes: features.maxUploadBytes,
          publicUrl: features.publicUrl ?? null,
        });
      },
    }),
    route({
      id: 'getDay',
      method: 'GET',
      path: '/api/farm/day',
      summary: 'The last 24 hours by the hour, at most a minute old',
      isForAdmins: true,
      answer: { status: 200, description: 'The day', schema: daySchema },
      handle: async () => json(await day.read()),
    }),
    route({
      id: 'listDeadLetters',
      method: 'GET',
      path: '/api/dead-letters',
      summary: 'Failed jobs that can be sent again',
      isForAdmins: true,
      answer: {
        status: 200,
        description: 'The dead letters',
        schema: z.object({ deadLetters: z.array(deadLetterSchema) }),
      },
      handle: async () => {
        const deadLetters = await takeDeadLetters(farm);
        await release(farm, deadLetters);
        return json({ deadLetters: deadLetters.map(describe) });
      },
    }),
    route({
      id: 'redriveDeadLetters',
      method: 'POST',
      path: '/api/dead-letters/redrive',
      summary: 'Send failed jobs again',
      isForAdmins: true,
      isAudited: true,
      body: z.strictObject({
        ids: z.array(z.string().min(1)).min(1).max(1000).describe('Ids of jobs or messages'),
      }),
      answer: { status: 200, description: 'How many were sent', schema: z.object({ redriven: z.number() }) },
      handle: async ({ body }) => {
        const signal = AbortSignal.timeout(callSeconds * 1000);
        const { redriven } = await redriveChosen(farm, { ids: body.ids }, { signal });
        return json({ redriven });
      },
    }),
  ];
}

function describe({ message, ...deadLetter }: HeldDeadLetter): DeadLetter {
  return deadLetter;
}
