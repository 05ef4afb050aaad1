import { Command, Option } from 'commander';
import { webhookSecrets, webhookSecretsSchema } from '../../worker/src/protocol/webhook-secret.ts';
import { UserError } from '../errors.ts';
import { readDeployed } from '../farm/deployed.ts';
import { connect } from '../farm/farm.ts';
import { readSecrets } from '../farm/parameters.ts';
import { type Answers, type CommonOptions, chosenFarm, farmCommand, runCommand } from '../farm/run.ts';
import { printable, styleFor } from '../text/style.ts';
import { formatSeconds } from '../text/units.ts';
import { sampleEvent, sampleStates } from './sample.ts';
import { sendOnce } from './send.ts';

type TestOptions = CommonOptions & { secret?: string; event: (typeof sampleStates)[number] };

/** `farm webhook test`: whether a receiver takes what the farm sends. */
export function webhookCommand(): Command {
  const test = farmCommand('test')
    .description('Send a signed sample event as a worker would, and show the answer')
    .argument('[url]', "the receiver; by default the farm's webhookUrl")
    .addOption(
      new Option('--secret <secret>', "what signs it; by default the farm's webhookSecret").env(
        'FARM_WEBHOOK_SECRET',
      ),
    )
    .addOption(
      new Option('--event <state>', 'the state of the job in the event')
        .choices(sampleStates)
        .default('succeeded'),
    )
    .action((url: string | undefined, options: TestOptions) =>
      runCommand(options, (answers) => testWebhook(url, options, answers)),
    );
  return new Command('webhook').addCommand(test);
}

async function testWebhook(
  givenUrl: string | undefined,
  options: TestOptions,
  { stop, say, answer }: Answers,
): Promise<void> {
  const { url, secret } = await findReceiver(givenUrl, options);
  if (!webhookSecretsSchema.safeParse(secret).success) {
    throw new UserError(
      'The secret is not "whsec_" and the base64 of 24 to 64 bytes (several separated by spaces). This makes one: echo "whsec_$(openssl rand -base64 32)".',
    );
  }
  const event = sampleEvent(options.event, new Date());
  const delivery = await sendOnce(url, event, webhookSecrets(secret), stop);
  const style = styleFor(process.stdout);

  say(`POST ${printable(url)}`);
  for (const [name, value] of Object.entries(delivery.headers)) {
    say(`${style.dim(`${name}:`)} ${printable(value)}`);
  }
  say();
  say(event.body);
  say();
  const took = formatSeconds(delivery.seconds);
  if (delivery.delivered) {
    const status = delivery.answer.kind === 'status' ? delivery.answer.status : '';
    say(`${style.good('delivered')}: the receiver answered ${status} in ${took}`);
  } else {
    say(`${style.bad('not delivered')}: ${printable(delivery.why ?? '')}`);
    process.exitCode = 2;
  }
  if (delivery.isPrivate) {
    say('Its address is private. The workers of a farm call public addresses alone.');
  }
  say();
  for (const line of howToVerify) say(line);
  answer({
    url,
    event: JSON.parse(event.body) as unknown,
    headers: delivery.headers,
    delivered: delivery.delivered,
    status: delivery.answer.kind === 'status' ? delivery.answer.status : null,
    seconds: delivery.seconds,
    why: delivery.why ?? null,
    isPrivate: delivery.isPrivate,
  });
}

/** Standard Webhooks 1.0.0, "Verifying webhook authenticity". */
const howToVerify = [
  'To verify an event, a receiver takes the raw body, before any parsing, and',
  '  1. makes HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body>", keyed with the bytes that the base64 after "whsec_" stands for;',
  '  2. compares "v1," and the base64 of it, in constant time, with each signature in webhook-signature;',
  '  3. refuses a webhook-timestamp more than 5 minutes off, and passes over a webhook-id that it has seen.',
  'docs/jobs.md has that in Node and Python; libraries: https://www.standardwebhooks.com',
];

/** What was not given is the farm's own. @throws UserError where it has none */
async function findReceiver(
  url: string | undefined,
  { secret, ...choice }: TestOptions,
): Promise<{ url: string; secret: string }> {
  if (url !== undefined && secret !== undefined) return { url, secret };
  const address = await chosenFarm(choice);
  const farm = connect(address);
  try {
    const deployed = address.local ? undefined : await readDeployed(farm, address);
    const foundUrl = url ?? deployed?.environment.WEBHOOK_URL;
    if (!foundUrl) {
      throw new UserError(
        'This farm has no webhookUrl. Give one: "farm webhook test https://example.org/hook".',
      );
    }
    const found =
      secret ?? (deployed && (await readSecrets(address, deployed, ['WEBHOOK_SECRET'])).WEBHOOK_SECRET);
    if (found) return { url: foundUrl, secret: found };
    throw new UserError(
      'There is no secret to sign with: this farm has no webhookSecret. Set FARM_WEBHOOK_SECRET, or give --secret.',
    );
  } finally {
    farm.close();
  }
}
