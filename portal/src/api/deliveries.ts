import { z } from 'zod';
import { Deliveries } from '../../../cli/farm/deliveries.ts';
import { redeliverBatches, redeliverWebhooks } from '../../../cli/farm/redeliver.ts';
import { claimSchema } from '../../../reporter/batches/records.ts';
import { deliverySchema } from '../../../reporter/webhooks/record.ts';
import { json } from '../http/answers.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { knownJob } from './jobs.ts';

const shownSchema = deliverySchema.pick({
  state: true,
  status: true,
  tries: true,
  firstAt: true,
  nextTryAt: true,
  settledAt: true,
  why: true,
});

const shownBatchSchema = claimSchema.pick({
  batch: true,
  status: true,
  tries: true,
  finishedAt: true,
  nextTryAt: true,
  settledAt: true,
  why: true,
});

/** The webhook events of a job, and that of its batch. */
export function deliveryRoutes(services: Services): Route[] {
  const { farm } = services;
  return [
    route({
      id: 'listDeliveries',
      method: 'GET',
      path: '/api/jobs/{id}/deliveries',
      summary: 'Webhook events of a job in the last 30 days: waiting, delivered, given up',
      answer: {
        status: 200,
        description: 'The events, the oldest first; none where the farm has no webhook',
        schema: z.object({
          deliveries: z.array(shownSchema),
          batch: shownBatchSchema
            .optional()
            .describe('The event `batch.finished` of the batch that the job is of, once that has ended'),
        }),
      },
      handle: async ({ params }) => {
        const { id, batch } = await knownJob(services, params.id);
        if (farm.address.reportsBucket === undefined) return json({ deliveries: [] });
        using records = new Deliveries(farm.address);
        const [record, claim] = await Promise.all([records.read(id), batch && records.readBatch(batch.id)]);
        const deliveries = (record?.deliveries ?? []).map((delivery) => shownSchema.parse(delivery));
        return json({ deliveries, ...(claim && { batch: shownBatchSchema.parse(claim) }) });
      },
    }),
    route({
      id: 'redeliver',
      method: 'POST',
      path: '/api/jobs/{id}/deliveries/redeliver',
      summary: "Post the job's newest event to the webhook again",
      isAudited: true,
      answer: { status: 200, description: 'How many were sent', schema: z.object({ sent: z.number() }) },
      handle: async ({ params }) => {
        const { id } = await knownJob(services, params.id);
        const sent = await redeliverWebhooks(farm, { jobs: [id] });
        return json({ sent: sent.length });
      },
    }),
    route({
      id: 'redeliverBatch',
      method: 'POST',
      path: '/api/jobs/{id}/deliveries/redeliver-batch',
      summary: "Post the event of the job's batch to the webhook again",
      isAudited: true,
      answer: { status: 200, description: 'How many were sent', schema: z.object({ sent: z.number() }) },
      handle: async ({ params }) => {
        const { batch } = await knownJob(services, params.id);
        const sent = batch === undefined ? [] : await redeliverBatches(farm, { batches: [batch.id] });
        return json({ sent: sent.length });
      },
    }),
  ];
}
