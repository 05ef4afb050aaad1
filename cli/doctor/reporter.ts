import { checkDatabase, type DatabaseCheck } from '../../reporter/database/check.ts';
import type { FarmAddress } from '../farm/address.ts';
import { callReporter, hasReporter } from '../farm/reporter.ts';
import { attempt, type Finding, failed, notAsked, ok } from './finding.ts';

/** The database and the webhook, tried by the reporter itself: from its network and with its secrets. */
export function examineReporter(address: FarmAddress, env: NodeJS.ProcessEnv): Promise<Finding>[] {
  return [examineDatabase(address, env), examineWebhook(address)];
}

async function examineDatabase(address: FarmAddress, env: NodeJS.ProcessEnv): Promise<Finding> {
  const { DATABASE_URL, DATABASE_CA } = env;
  if (DATABASE_URL) return databaseFinding(await checkDatabase(DATABASE_URL, DATABASE_CA));
  if (!hasReporter(address))
    return notAsked('database', 'this farm has none, and DATABASE_URL is not set here');
  return attempt('database', reporterFix, async () => {
    const check = await callReporter(address, { command: 'check-database' });
    return check === undefined ? notAsked('database', 'this farm has none') : databaseFinding(check);
  });
}

function databaseFinding(check: DatabaseCheck): Finding {
  if (check.ok) return ok('database', check.text);
  const fix = check.fix ?? 'Check databaseUrl: postgres://USER:PASSWORD@HOST:PORT/DATABASE.';
  return failed('database', check.text, fix);
}

async function examineWebhook(address: FarmAddress): Promise<Finding> {
  if (!hasReporter(address)) return notAsked('webhook', 'this farm has none');
  return attempt('webhook', reporterFix, async () => {
    const test = await callReporter(address, { command: 'test-webhook', state: 'succeeded' });
    if (test === undefined) return notAsked('webhook', 'this farm has no webhookUrl');
    const { delivered, status, why } = test.delivery;
    return delivered
      ? ok('webhook', `the receiver took a test event, and answered ${status}`)
      : failed('webhook', why ?? '', '"farm webhook test" shows what is sent, and how to verify it.');
  });
}

const reporterFix =
  'Use an AWS_PROFILE that may call lambda:InvokeFunction; docs/operations.md says where the reporter log is.';
