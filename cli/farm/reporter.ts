import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Target } from '../../reporter/attempt.ts';
import type { CommandAnswers, ReporterCommand } from '../../reporter/commands.ts';
import type { Report } from '../../worker/src/protocol/report.ts';
import { UserError } from '../errors.ts';
import type { FarmAddress } from './address.ts';
import { awsOf } from './farm.ts';

/** Whether the farm has a reporter: it has a webhook or a database. */
export function hasReporter({ reporterName, local }: FarmAddress): boolean {
  return local === undefined ? reporterName !== undefined : local.reporterEndpoint !== undefined;
}

/** Of a farm on this machine. */
export const noReporterHere =
  'This farm has no reporter. Start one that has: farm demo --keep --webhook http://127.0.0.1:8080/hook';

/**
 * Asks the farm's reporter for something by calling its function. It has the secrets, the network and the right to send reports,
 * which whoever types the command may not have.
 * @throws UserError where the farm has no reporter, or the function failed
 */
export async function callReporter<Name extends ReporterCommand['command']>(
  address: FarmAddress,
  command: Extract<ReporterCommand, { command: Name }>,
): Promise<CommandAnswers[Name]> {
  if (!hasReporter(address)) {
    if (address.local) throw new UserError(noReporterHere);
    throw new UserError(
      'This farm has no reporter: neither webhookUrl, allowJobWebhooks nor databaseUrl is set, or its outputs are of an earlier version. Set one, run "pulumi up", and save the outputs again.',
    );
  }
  const endpoint = address.local?.reporterEndpoint;
  const lambda = new LambdaClient({ ...awsOf(address), ...(endpoint === undefined ? {} : { endpoint }) });
  try {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({
        FunctionName: address.reporterName ?? 'reporter',
        Payload: JSON.stringify(command),
      }),
    );
    const text = Payload?.transformToString() ?? 'null';
    const value = JSON.parse(text) as { errorMessage?: string } | null;
    if (FunctionError !== undefined) {
      throw new UserError(
        `The reporter failed: ${value?.errorMessage ?? FunctionError}. Its log has more: aws logs tail ${address.reporterLogGroupName}`,
      );
    }
    return (value ?? undefined) as CommandAnswers[Name];
  } finally {
    lambda.destroy();
  }
}

/** Lambda takes 6 MB at once. */
const maxPayloadBytes = 4_000_000;
const maxReportsAtOnce = 200;

/** Has the reporter deliver reports once more to one of its targets. */
export async function sendReports(
  address: FarmAddress,
  target: Target,
  reports: readonly Report[],
): Promise<void> {
  let some: Report[] = [];
  let bytes = 0;
  const flush = async () => {
    if (some.length > 0) await callReporter(address, { command: 'send', target, reports: some });
    [some, bytes] = [[], 0];
  };
  for (const report of reports) {
    const size = Buffer.byteLength(JSON.stringify(report));
    if (bytes + size > maxPayloadBytes || some.length === maxReportsAtOnce) await flush();
    some.push(report);
    bytes += size;
  }
  await flush();
}
