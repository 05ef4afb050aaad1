import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { Identities } from '../../../cli/local-farm/rules/identities.ts';
import type { Policy } from '../../../cli/local-farm/rules/policy.ts';
import { emulatedAccount } from '../../../cli/local-farm/rules/rights.ts';
import type { RuleOptions } from '../../../cli/local-farm/rules/rules.ts';

/** What real services do to anybody who calls too often or waits for an answer. */
const limits: RuleOptions = { limitWrites: true, prefixRate: 100, lostEvery: 40, silentEvery: 150 };

/** For storage whose only user has this key. */
export function strictRules(accessKeyId: string, secretAccessKey: string): RuleOptions {
  const identities = new Identities();
  identities.addUser(accessKeyId, secretAccessKey);
  return { identities, ...limits };
}

/** Programs of a farm that have a role. */
type Program = 'worker' | 'function' | 'door' | 'reporter';

type Environment = Readonly<Record<string, string | undefined>>;

/** Services that refuse, limit and forget as the real ones do, and programs with the rights that the Pulumi program gives them. */
export interface StrictServices extends AsyncDisposable {
  /** All on. Tests themselves may do everything. */
  rules: RuleOptions;
  /** The same environment with credentials of the program's role, as a task of ECS gets them, and with no others. */
  withRole<E extends object>(program: Program, environment: E): E;
}

/** A session ends after this long, in the middle of most jobs. */
const sessionSeconds = 10;
/** And says that it holds for an hour, as on a machine whose clock is behind. */
const announcedSeconds = 3600;

/** By Pulumi's names. A program without a `lambda` has the environment of the workers. */
interface Role {
  stack: string;
  config?: Record<string, string>;
  role: string;
  lambda?: string;
}

const roles: Readonly<Record<Program, Role>> = {
  worker: { stack: 'Pulumi.dev.yaml', role: 'farm-worker-task' },
  function: { stack: 'Pulumi.function.yaml', role: 'farm-worker-function' },
  door: {
    stack: 'Pulumi.dev.yaml',
    config: { functions: 'door', burstFunctions: '2' },
    role: 'farm-door-function',
    lambda: 'farm-door',
  },
  reporter: { stack: 'Pulumi.dev.yaml', role: 'farm-reporter', lambda: 'farm-reporter' },
};

/** Imported here, as other tests need no Pulumi, whose packages take a second to load. */
async function recordRoles() {
  const { environmentOf, functionEnvironmentOf, recordFarm } = await import(
    '../../../tools/program-run/farm.ts'
  );
  const { loadStack, madeUpSecrets } = await import('../../../tools/program-run/stacks.ts');
  const { policiesOf, translate } = await import('../../../tools/program-run/policies.ts');
  // Without a webhook there is no queue of reports, nor the right to send to one.
  const { webhookSecret } = madeUpSecrets;
  const webhook = { webhookUrl: 'https://www.example.com/hooks/films', webhookSecret };
  const recorded = new Map<Program, { policies: Policy[]; environment: Environment }>();
  for (const program of Object.keys(roles) as Program[]) {
    const { stack, role, config, lambda } = roles[program];
    const recording = await recordFarm(loadStack(stack, { ...webhook, ...config }));
    const environment =
      lambda === undefined ? environmentOf(recording) : functionEnvironmentOf(recording, lambda);
    recorded.set(program, { policies: policiesOf(recording, role), environment });
  }
  return (program: Program, places: Environment) => {
    const { policies = [], environment = {} } = recorded.get(program) ?? {};
    return translate(policies, environment, places, emulatedAccount);
  };
}

export async function startStrictServices(): Promise<StrictServices> {
  const identities = new Identities();
  identities.addUser(localCredentials.accessKeyId, localCredentials.secretAccessKey);
  const policiesFor = await recordRoles();
  // As the endpoint in a task answers: "Task metadata", Amazon ECS Developer Guide.
  const endpoint = createServer(({ url = '' }, response) => {
    const body = JSON.stringify(identities.issue(url.slice(1), sessionSeconds, announcedSeconds));
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  endpoint.listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const { port } = endpoint.address() as AddressInfo;
  return {
    rules: { identities, exempt: localCredentials.accessKeyId, ...limits },
    withRole(program, environment) {
      identities.addRole(program, policiesFor(program, environment as Environment));
      const own = {
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/${program}`,
        SOURCE_ACCESS_KEY_ID: undefined,
        SOURCE_SECRET_ACCESS_KEY: undefined,
        OUTPUT_ACCESS_KEY_ID: undefined,
        OUTPUT_SECRET_ACCESS_KEY: undefined,
      };
      return { ...environment, ...own };
    },
    async [Symbol.asyncDispose]() {
      endpoint.close();
    },
  };
}
