import { Command, Option } from 'commander';
import { sampleEvent, sampleStates } from '../../reporter/webhooks/sample.ts';
import { webhookSecrets, webhookSecretsSchema } from '../../reporter/webhooks/secret.ts';
import { sendOnce } from '../../reporter/webhooks/send-once.ts';
import { UserError } from '../errors.ts';
import { callReporter } from '../farm/reporter.ts';
import { type Answers, type CommonOptions, chosenFarm, farmCommand, runCommand } from '../farm/run.ts';
import { styleFor } from '../text/style.ts';
import { type SentTest, testLines } from './text.ts';

type TestOptions = CommonOptions & { secret?: string; event: (typeof sampleStates)[number] };

/** `farm webhook test`: whether a receiver takes what the farm sends. */
export function webhookCommand(): Command {
  const test = farmCommand('test')
    .description('Send a signed sample event as the farm would, and show the answer')
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
  return new Command('webhook').helpCommand(false).addCommand(test);
}

async function testWebhook(
  givenUrl: string | undefined,
  options: TestOptions,
  { stop, say, answer }: Answers,
): Promise<void> {
  const { url, body, delivery } = await sendTest(givenUrl, options, stop);
  for (const line of testLines({ url, body, delivery }, styleFor(process.stdout))) say(line);
  if (!delivery.delivered) process.exitCode = 2;
  answer({
    url,
    event: JSON.parse(body) as unknown,
    headers: delivery.headers,
    delivered: delivery.delivered,
    status: delivery.status ?? null,
    seconds: delivery.seconds,
    why: delivery.why ?? null,
    isPrivate: delivery.isPrivate,
  });
}

/** With a secret from here; without one by the farm's reporter, which has the farm's. @throws UserError where there is none */
async function sendTest(
  url: string | undefined,
  { secret, event: state, ...choice }: TestOptions,
  signal: AbortSignal,
): Promise<SentTest> {
  if (secret !== undefined && url !== undefined) {
    if (!webhookSecretsSchema.safeParse(secret).success) {
      throw new UserError(
        'The secret is not "whsec_" and the base64 of 24 to 64 bytes (several separated by spaces). This makes one: echo "whsec_$(openssl rand -base64 32)".',
      );
    }
    const sample = sampleEvent(state, new Date());
    const delivery = await sendOnce(url, sample, webhookSecrets(secret), { signal, callsPrivate: true });
    return { url, body: sample.body, delivery };
  }
  const address = await chosenFarm(choice);
  const sent = await callReporter(address, {
    command: 'test-webhook',
    state,
    ...(url === undefined ? {} : { url }),
  });
  if (sent !== undefined) return sent;
  throw new UserError(
    'This farm has no webhookUrl, or no webhookSecret to sign with. Give both: "farm webhook test https://example.org/hook --secret whsec_…".',
  );
}
