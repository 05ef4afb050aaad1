import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { Identities } from '../../../cli/local-farm/rules/identities.ts';
import { emulatedAccount } from '../../../cli/local-farm/rules/rights.ts';
import type { RuleOptions } from '../../../cli/local-farm/rules/rules.ts';
import type { WorkerEnvironment } from '../../../worker/src/settings/settings.ts';

/** Whether tests run against such services: `npm test -- --strict`. */
export const isStrict = process.env.STRICT_SERVICES === 'true';

/** What real services do to anybody who calls too often or waits for an answer. */
const limits: RuleOptions = { limitWrites: true, prefixRate: 100, lostEvery: 40, silentEvery: 150 };

/** For storage whose only user has this key. */
export function strictRules(accessKeyId: string, secretAccessKey: string): RuleOptions {
  const identities = new Identities();
  identities.addUser(accessKeyId, secretAccessKey);
  return { identities, ...limits };
}

/** Services that refuse, limit and forget as the real ones do, and a worker with the rights that the program gives it. */
export interface StrictServices extends AsyncDisposable {
  /** All on. Tests themselves may do everything. */
  rules: RuleOptions;
  /** The worker gets its credentials as a task of ECS does, and no others. */
  workerEnvironment(farm: WorkerEnvironment): WorkerEnvironment;
}

/** A session ends after this long, in the middle of most jobs. */
const sessionSeconds = 10;
/** And says that it holds for an hour, as on a machine whose clock is behind. */
const announcedSeconds = 3600;
const workerRole = 'farm-worker-task';

/** Imported here, as other tests need no Pulumi, whose packages take a second to load. */
async function recordPolicies() {
  const { recordFarm } = await import('../../../tools/program-run/farm.ts');
  const { loadStack, madeUpSecrets } = await import('../../../tools/program-run/stacks.ts');
  const { policiesOf, translate } = await import('../../../tools/program-run/policies.ts');
  // Without a webhook there is no queue of reports, nor the right to send to one.
  const { webhookSecret } = madeUpSecrets;
  const webhook = { webhookUrl: 'https://www.example.com/hooks/films', webhookSecret };
  const recording = await recordFarm(loadStack('Pulumi.dev.yaml', webhook));
  return { recording, policies: policiesOf(recording, workerRole), translate };
}

export async function startStrictServices(): Promise<StrictServices> {
  const identities = new Identities();
  identities.addUser(localCredentials.accessKeyId, localCredentials.secretAccessKey);
  const { recording, policies, translate } = await recordPolicies();
  // As the endpoint in a task answers: "Task metadata", Amazon ECS Developer Guide.
  const endpoint = createServer((_, response) => {
    const body = JSON.stringify(identities.issue(workerRole, sessionSeconds, announcedSeconds));
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  endpoint.listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const { port } = endpoint.address() as AddressInfo;
  return {
    rules: { identities, exempt: localCredentials.accessKeyId, ...limits },
    workerEnvironment(farm) {
      identities.addRole(workerRole, translate(policies, recording, farm, emulatedAccount));
      const own = {
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials`,
        SOURCE_ACCESS_KEY_ID: undefined,
        SOURCE_SECRET_ACCESS_KEY: undefined,
        OUTPUT_ACCESS_KEY_ID: undefined,
        OUTPUT_SECRET_ACCESS_KEY: undefined,
      };
      return { ...farm, ...own } as WorkerEnvironment;
    },
    async [Symbol.asyncDispose]() {
      endpoint.close();
    },
  };
}
