import { z } from 'zod';
import { Deliveries } from '../../../cli/farm/deliveries.ts';
import { redeliverWebhooks } from '../../../cli/farm/redeliver.ts';
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

/** The webhook events of a job. */
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
        schema: z.object({ deliveries: z.array(shownSchema) }),
      },
      handle: async ({ params }) => {
        const { id } = await knownJob(services, params.id);
        if (farm.address.reportsBucket === undefined) return json({ deliveries: [] });
        using records = new Deliveries(farm.address);
        const { deliveries = [] } = (await records.read(id)) ?? {};
        return json({ deliveries: deliveries.map((delivery) => shownSchema.parse(delivery)) });
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
  ];
}
