import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { FarmAddress } from '../farm/address.ts';
import type { LocalFarm } from '../local-farm/farm.ts';
import { startReporter } from '../local-farm/reporter.ts';

/** The demo's farm reports its jobs to a webhook, as a deployed one does. */
export interface DemoReporter extends AsyncDisposable {
  /** What the events are signed with. */
  secret: string;
  /** What other commands must know of it. */
  address: Pick<FarmAddress, 'reportsQueueUrl' | 'reportsDeadLetterQueueUrl' | 'reportsBucket'> & {
    reporterEndpoint: string;
  };
}

const startSeconds = 20;

/** @throws UserError where it does not start */
export async function startDemoReporter(farm: LocalFarm, webhook: string): Promise<DemoReporter> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const settings = {
    ...farm.reporterEnvironment,
    WEBHOOK_URL: webhook,
    WEBHOOK_SECRET: secret,
    // Whoever tries a webhook has the receiver on the same machine.
    ALLOW_PRIVATE_WEBHOOKS: 'true',
  } as const;
  const process = startReporter(settings, join(farm.dir, 'reporter.log'));
  const { reportsQueueUrl, reportsDeadLetterQueueUrl, reportsBucket } = farm;
  for (let waited = 0; waited < startSeconds; waited += 0.05) {
    const port = process.log.map(portIn).find((found) => found !== undefined);
    if (port !== undefined) {
      const reporterEndpoint = `http://127.0.0.1:${port}`;
      return {
        secret,
        address: { reportsQueueUrl, reportsDeadLetterQueueUrl, reportsBucket, reporterEndpoint },
        [Symbol.asyncDispose]: async () => void (await process.stop()),
      };
    }
    await sleep(50);
  }
  const last = process.log.at(-1) ?? 'it wrote nothing';
  await process.stop();
  throw new UserError(`The reporter did not start in ${startSeconds} s: ${last}`);
}

/** Its first line says where it answers. */
function portIn(line: string): number | undefined {
  return line.startsWith('{') ? (JSON.parse(line) as { port?: number }).port : undefined;
}
