import { type Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../errors.ts';
import { Deliveries } from '../farm/deliveries.ts';
import { redeliverBatches, redeliverWebhooks } from '../farm/redeliver.ts';
import { type CommonOptions, type Context, farmCommand, withFarm } from '../farm/run.ts';
import { parsePeriod } from './period.ts';
import { batchLine, countDeliveries, countsLine, deliveryLine } from './text.ts';

const statuses = ['waiting', 'delivered', 'given-up', 'overtaken'] as const;

type ListOptions = CommonOptions & { since: number; status?: (typeof statuses)[number]; batch?: string };
type RedeliverOptions = CommonOptions & { since?: number; batch?: string[] };

/** `farm webhooks`: what was delivered; `farm webhooks redeliver`: once more. */
export function webhooksCommand(): Command {
  return farmCommand('webhooks')
    .enablePositionalOptions()
    .argument('[job]', 'id of a job; none: all that changed lately')
    .addOption(
      new Option('--since <period>', 'how far to look back, such as 30m, 2h or 7d')
        .argParser(period)
        .default(86_400_000, 'a day'),
    )
    .option('--batch <name>', 'the event of this batch alone')
    .addOption(new Option('--status <status>', 'list only events of this status').choices(statuses))
    .action((job: string | undefined, options: ListOptions) =>
      withFarm(options, (context) => list(job, options, context)),
    )
    .addCommand(
      farmCommand('redeliver')
        .description(
          'Send the newest event of jobs, or the event of batches, again, also one that was delivered or given up',
        )
        .argument('[jobs...]', 'ids of jobs')
        .option('--since <period>', 'all jobs and batches with an event in this time, such as 2h', period)
        .option('--batch <name>', 'the event of a batch; may be repeated', collect)
        .action((jobs: string[], options: RedeliverOptions) =>
          withFarm(options, (context) => redeliver(jobs, options, context)),
        ),
    );
}

async function list(
  job: string | undefined,
  { since, status, batch }: ListOptions,
  { farm, say, answer }: Context,
): Promise<void> {
  if (job !== undefined && batch !== undefined) throw new UserError('Name a job or a batch, not both.');
  using deliveries = new Deliveries(farm.address);
  const { jobs, batches } = await find(deliveries, { job, batch, since: new Date(Date.now() - since) });
  const isWanted = (event: { status: string }) => status === undefined || event.status === status;
  const records = jobs.map((record) => ({ ...record, deliveries: record.deliveries.filter(isWanted) }));
  const claims = batches.filter(isWanted);
  for (const record of records) {
    for (const delivery of record.deliveries) say(deliveryLine(record, delivery));
  }
  for (const claim of claims) say(batchLine(claim));
  const counts = countDeliveries([...records.flatMap(({ deliveries }) => deliveries), ...claims]);
  say(countsLine(counts));
  answer({
    counts,
    jobs: records.map(({ job, deliveries }) => ({ job, deliveries })),
    batches: claims.map(({ by, report, ...claim }) => claim),
  });
}

async function find(
  deliveries: Deliveries,
  { job, batch, since }: { job: string | undefined; batch: string | undefined; since: Date },
) {
  if (job !== undefined) {
    const record = await deliveries.read(job);
    if (record !== undefined) return { jobs: [record], batches: [] };
    throw new UserError(`No event of job "${job}" was sent to a webhook in the last 30 days.`);
  }
  if (batch !== undefined) {
    const claim = await deliveries.readBatch(batch);
    if (claim !== undefined) return { jobs: [], batches: [claim] };
    throw new UserError(
      `Batch "${batch}" has no event: it has not ended in the last 30 days. "farm jobs --batch ${batch}" says how far it is.`,
    );
  }
  return { jobs: await deliveries.list(since), batches: await deliveries.listBatches(since) };
}

async function redeliver(
  jobs: readonly string[],
  { since, batch: batches = [] }: RedeliverOptions,
  { farm, say, answer }: Context,
): Promise<void> {
  const isNamed = jobs.length > 0 || batches.length > 0;
  if (isNamed === (since !== undefined)) {
    throw new UserError(
      'Name jobs, batches or a period: "farm webhooks redeliver JOB", "--batch night-12", or "--since 2h".',
    );
  }
  const period = since === undefined ? undefined : { since: new Date(Date.now() - since) };
  const sent = jobs.length > 0 || period ? await redeliverWebhooks(farm, period ?? { jobs }) : [];
  const sentBatches = batches.length > 0 || period ? await redeliverBatches(farm, period ?? { batches }) : [];
  const sentNames = {
    jobs: sent.map(({ state }) => state.id),
    batches: sentBatches.map(({ batch }) => batch),
  };
  const notFound = [
    ...jobs.filter((job) => !sentNames.jobs.includes(job)),
    ...batches.filter((batch) => !sentNames.batches.includes(batch)),
  ];
  const count = sent.length + sentBatches.length;
  if (count === 0 && isNamed) {
    throw new UserError(
      `No event of ${[...jobs, ...batches].map((name) => `"${name}"`).join(' or ')} is known: events are kept for 30 days.`,
    );
  }
  for (const { state } of sent) say(`${state.id}  job.${state.state}  sent again`);
  for (const { batch } of sentBatches) say(`${batch}  batch.finished  sent again`);
  say(`${count} ${count === 1 ? 'event' : 'events'} sent again. "farm webhooks" shows how they end.`);
  answer({ sent: sentNames.jobs, batches: sentNames.batches, notFound });
}

const collect = (name: string, earlier: readonly string[] = []) => [...earlier, name];

function period(text: string): number {
  const milliseconds = parsePeriod(text);
  if (milliseconds === undefined) throw new InvalidArgumentError('Expected a time such as 30m, 2h or 7d.');
  return milliseconds;
}
