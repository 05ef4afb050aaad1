import { type Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../errors.ts';
import { Deliveries } from '../farm/deliveries.ts';
import { redeliverWebhooks } from '../farm/redeliver.ts';
import { type CommonOptions, type Context, farmCommand, withFarm } from '../farm/run.ts';
import { parsePeriod } from './period.ts';
import { countDeliveries, countsLine, deliveryLine } from './text.ts';

const statuses = ['waiting', 'delivered', 'given-up', 'overtaken'] as const;

type ListOptions = CommonOptions & { since: number; status?: (typeof statuses)[number] };
type RedeliverOptions = CommonOptions & { since?: number };

/** `farm webhooks`: what was delivered; `farm webhooks redeliver`: once more. */
export function webhooksCommand(): Command {
  return farmCommand('webhooks')
    .enablePositionalOptions()
    .argument('[job]', 'id of a job; none: all that changed lately')
    .option('--since <period>', 'how far to look back, such as 30m, 2h or 7d', period, 86_400_000)
    .addOption(new Option('--status <status>', 'list only events of this status').choices(statuses))
    .action((job: string | undefined, options: ListOptions) =>
      withFarm(options, (context) => list(job, options, context)),
    )
    .addCommand(
      farmCommand('redeliver')
        .description('Send the newest event of jobs again, also one that was delivered or given up')
        .argument('[jobs...]', 'ids of jobs')
        .option('--since <period>', 'all jobs with an event in this time, such as 2h', period)
        .action((jobs: string[], options: RedeliverOptions) =>
          withFarm(options, (context) => redeliver(jobs, options, context)),
        ),
    );
}

async function list(
  job: string | undefined,
  { since, status }: ListOptions,
  { farm, say, answer }: Context,
): Promise<void> {
  using deliveries = new Deliveries(farm.address);
  const found =
    job === undefined
      ? await deliveries.list(new Date(Date.now() - since))
      : [await deliveries.read(job)].filter((record) => record !== undefined);
  if (job !== undefined && found.length === 0) {
    throw new UserError(`No event of job "${job}" was sent to a webhook in the last 30 days.`);
  }
  const records = found.map((record) => ({
    ...record,
    deliveries: record.deliveries.filter((delivery) => status === undefined || delivery.status === status),
  }));
  for (const record of records) {
    for (const delivery of record.deliveries) say(deliveryLine(record, delivery));
  }
  const counts = countDeliveries(records);
  say(countsLine(counts));
  answer({ counts, jobs: records.map(({ job, deliveries }) => ({ job, deliveries })) });
}

async function redeliver(
  jobs: readonly string[],
  { since }: RedeliverOptions,
  { farm, say, answer }: Context,
): Promise<void> {
  if ((jobs.length === 0) === (since === undefined)) {
    throw new UserError(
      'Name jobs, or a period: "farm webhooks redeliver JOB", "farm webhooks redeliver --since 2h".',
    );
  }
  const sent = await redeliverWebhooks(
    farm,
    since === undefined ? { jobs } : { since: new Date(Date.now() - since) },
  );
  const sentJobs = sent.map(({ state }) => state.id);
  const notFound = jobs.filter((job) => !sentJobs.includes(job));
  if (sent.length === 0 && jobs.length > 0) {
    throw new UserError(
      `No event of ${jobs.map((job) => `"${job}"`).join(' or ')} is known: events are kept for 30 days.`,
    );
  }
  for (const { state } of sent) say(`${state.id}  job.${state.state}  sent again`);
  say(
    `${sent.length} ${sent.length === 1 ? 'event' : 'events'} sent again. "farm webhooks" shows how they end.`,
  );
  answer({ sent: sentJobs, notFound });
}

function period(text: string): number {
  const milliseconds = parsePeriod(text);
  if (milliseconds === undefined) throw new InvalidArgumentError('expected a time such as 30m, 2h or 7d');
  return milliseconds;
}
