import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { doorCalls } from '../../../infra/compute/door-calls.ts';
import type { FarmSettings } from '../../../infra/settings/settings.ts';
import { plainText } from '../../../infra/settings/sources.ts';
import type { Deployed } from '../../farm/deployed.ts';
import { checkCredentials, checkRegion } from '../account.ts';
import { type Finding, notAsked } from '../finding.ts';
import { checkPrograms, type RunProgram } from '../programs.ts';
import { checkQuotas } from '../quotas.ts';
import { checkCloudflare } from './cloudflare.ts';
import { callsOf, checkDryRuns, checkPolicies } from './denied.ts';
import { checkGithubProvider, checkServiceRoles } from './identity.ts';
import { checkLambda, type WantedFunction } from './lambda.ts';
import { checkEbsKey, checkRegionEnabled, checkZones } from './region.ts';
import { type PlannedStack, readPlannedStack } from './stack.ts';
import { checkExistingBuckets, checkWasabi } from './storage.ts';

/** Everything that "pulumi up" needs for a stack that is not deployed yet. */
export async function examineDeployment(
  name: string,
  run: RunProgram,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Finding[]> {
  const stack = await readPlannedStack(name);
  const programs = checkPrograms(run, {
    isLocal: false,
    // The portal's image is built whatever the workers run.
    workerImage:
      stack.settings?.portal?.host.kind === 'service' ? undefined : plainText(stack.settings?.workerImage),
  });
  const secrets = (key: string) => readSecret(run, name, key);
  const [local, cloud, storage] = await Promise.all([
    programs,
    examineAccount(stack),
    stack.settings ? examineStorage(stack.settings, secrets, env) : [],
  ]);
  return [...local, stack.finding, ...cloud, ...storage];
}

async function examineStorage(
  { storage }: FarmSettings,
  readSecret: (key: string) => Promise<string | undefined>,
  env: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  const token = env.CLOUDFLARE_API_TOKEN || (await readSecret('cloudflare:apiToken'));
  return [...(await checkCloudflare(storage, token, fetch)), ...(await checkWasabi(storage, readSecret))];
}

async function readSecret(run: RunProgram, stack: string, key: string): Promise<string | undefined> {
  try {
    return (await run('pulumi', ['config', 'get', key, `--stack=${stack}`])).trim() || undefined;
  } catch {
    return undefined;
  }
}

async function examineAccount({ settings, region, name }: PlannedStack): Promise<Finding[]> {
  const aws = region ? { region } : {};
  const sts = new STSClient(aws);
  const from = region ? { region, from: `aws:region of stack ${name}` } : undefined;
  const found = await checkRegion(sts, from);
  if (found.state === 'failed') return [found];
  const credentials = await checkCredentials(sts, undefined);
  const who = [found, credentials];
  if (credentials.state === 'failed') {
    sts.destroy();
    return [...who, notAsked('the account', 'without credentials')];
  }
  const clients = {
    sts,
    ec2: new EC2Client(aws),
    iam: new IAMClient(aws),
    lambda: new LambdaClient(aws),
    quotas: new ServiceQuotasClient(aws),
    s3: new S3Client({ ...aws, followRegionRedirects: true }),
  };
  try {
    const { Account = '', Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    const here = await sts.config.region();
    const isEnabled = await checkRegionEnabled(clients.ec2, here);
    if (settings === undefined) {
      return [
        ...who,
        isEnabled,
        ...(await checkQuotas(clients.quotas, undefined)),
        ...(await checkLambda(clients.lambda)),
      ];
    }
    const { compute, github, storage } = settings;
    const checks = await Promise.all([
      compute.kind === 'function' ? [] : checkQuotas(clients.quotas, capacityOf(settings, compute)),
      checkLambda(clients.lambda, functionOf(settings)),
      checkZones(clients.ec2, settings),
      compute.kind === 'gpu' ? checkEbsKey(clients.ec2, Account) : [],
      checkServiceRoles(clients.iam, settings),
      github ? checkGithubProvider(clients.iam, github) : [],
      checkDryRuns(clients.ec2, settings),
      checkPolicies(clients.iam, Arn, callsOf(settings)),
      checkExistingBuckets(clients.s3, storage, here),
    ]);
    return [...who, isEnabled, ...checks.flat()];
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

function functionOf({ compute, scaling, door }: FarmSettings): WantedFunction | undefined {
  if (door !== undefined) return { ...door, maxCalls: doorCalls + door.functionsPerFilm };
  if (compute.kind !== 'function') return undefined;
  const { task, reserveConcurrency } = compute;
  return { maxCalls: scaling.maxTasks, memoryMib: task.memoryMib, reserveConcurrency };
}

function capacityOf(
  { scaling }: FarmSettings,
  compute: Exclude<FarmSettings['compute'], { kind: 'function' }>,
): Parameters<typeof checkQuotas>[1] {
  const { kind, task, spot, onDemandBase } = compute;
  const most = scaling.maxTasks;
  const types = compute.kind === 'gpu' ? { instanceTypes: compute.instanceTypes } : {};
  return { compute: kind, task, spot, onDemandBase, most, ...types } satisfies Partial<Deployed>;
}
