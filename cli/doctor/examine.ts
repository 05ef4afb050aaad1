import { ECRClient } from '@aws-sdk/client-ecr';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { STSClient } from '@aws-sdk/client-sts';
import type { FarmAddress } from '../farm/address.ts';
import { bucketClient, keysFromEnvironment, type Side } from '../farm/buckets.ts';
import { type Deployed, readDeployed, readService } from '../farm/deployed.ts';
import { awsOf, connect, type Farm } from '../farm/farm.ts';
import { readSecrets } from '../farm/parameters.ts';
import { sentence } from '../farm/sentence.ts';
import { readWorkers } from '../farm/workers.ts';
import { checkCredentials, checkRegion } from './account.ts';
import { checkClock } from './clock.ts';
import { checkLambda } from './deployment/lambda.ts';
import { attempt, type Finding, failed, notAsked, ok } from './finding.ts';
import { checkFunction } from './function.ts';
import { checkImage } from './image.ts';
import { checkPrograms, type RunProgram } from './programs.ts';
import { checkQueues } from './queues.ts';
import { checkQuotas } from './quotas.ts';
import { examineReporter } from './reporter.ts';
import { runProgram } from './run-program.ts';
import { checkConditions, checkOutput, checkSource } from './storage.ts';
import { checkViewers } from './viewers.ts';
import { validateService } from './workers.ts';

/** Everything that a deployed farm, or one on this machine, works with. */
export async function examine(
  address: FarmAddress,
  env: NodeJS.ProcessEnv = process.env,
  run: RunProgram = runProgram,
): Promise<Finding[]> {
  const programs = checkPrograms(run, { isLocal: address.local !== undefined });
  const others = address.local ? examineLocal(address, env) : examineCloud(address, env);
  return (await Promise.all([programs, others])).flat();
}

async function examineLocal(address: FarmAddress, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const farm = connect(address, env);
  try {
    const whose = "the farm's own keys";
    const storage = (side: Side) => ({ s3: farm[side], bucket: address[`${side}Bucket`], whose });
    const checks = await Promise.all([
      checkQueues(farm, address),
      checkSource(storage('source')),
      checkOutput(storage('output'), address.outputPrefix),
      checkConditions(storage('output'), address.outputPrefix, true),
      countWorkers(farm),
      checkClock(address.outputEndpoint, fetch, Date.now),
      ...examineReporter(address, env),
    ]);
    return checks.flat();
  } finally {
    farm.close();
  }
}

async function countWorkers(farm: Farm): Promise<Finding> {
  const running = (await readWorkers(farm))?.tasks.running;
  if (running === undefined) return notAsked('workers', 'this machine has no "ps" to count them with');
  if (running > 0) return ok('workers', `${running} running`);
  return failed('workers', 'no worker runs, so no job starts', 'Start the farm again: "farm demo --keep".');
}

async function examineCloud(address: FarmAddress, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const aws = awsOf(address);
  const clients = { sts: new STSClient(aws), quotas: new ServiceQuotasClient(aws), ecr: new ECRClient(aws) };
  try {
    const region = await checkRegion(clients.sts, address);
    const credentials = await checkCredentials(clients.sts, address);
    const who = [region, credentials];
    if (credentials.state === 'failed') return [...who, notAsked('the rest', 'without credentials')];
    return [...who, ...(await examineFarm(address, clients, env))];
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

async function examineFarm(
  address: FarmAddress,
  clients: { quotas: ServiceQuotasClient; ecr: ECRClient },
  env: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  const farm = connect(address, env);
  try {
    const deployed = await readDeployed(farm, address).catch(
      (error: unknown) => sentence(error) ?? String(error),
    );
    const known = typeof deployed === 'object' ? deployed : undefined;
    const unknown = typeof deployed === 'string' ? deployed : 'the outputs name no service: save them again';
    const secrets = known
      ? await readSecrets(address, known, secretNames).catch(() => ({}) as Record<string, string>)
      : {};
    const checks = await Promise.all([
      examineWorkers(farm, known, unknown, clients),
      checkQueues(farm, address),
      withBucket('source', address, secrets, env, (bucket) => checkSource(bucket)),
      withBucket('output', address, secrets, env, (bucket) => checkOutput(bucket, address.outputPrefix)),
      withBucket('output', address, secrets, env, (bucket) =>
        checkConditions(bucket, address.outputPrefix, address.outputStorage !== 'wasabi'),
      ),
      checkViewers(address.publicUrl, address.outputPrefix, fetch),
      // S3 and SQS go by one clock.
      checkClock(address.outputEndpoint || new URL(address.queueUrl).origin, fetch, Date.now),
      ...examineReporter(address, env),
    ]);
    return checks.flat();
  } finally {
    farm.close();
  }
}

async function examineWorkers(
  farm: Farm,
  known: Deployed | undefined,
  unknown: string,
  { quotas, ecr }: { quotas: ServiceQuotasClient; ecr: ECRClient },
): Promise<Finding[]> {
  const { functionName, maxTasks = 1 } = farm.address;
  if (functionName !== undefined) {
    const wanted = { maxCalls: maxTasks, memoryMib: known?.task.memoryMib ?? 0, isDeployed: true };
    return [
      ...(await checkLambda(farm.lambda, { ...wanted, reserveConcurrency: false })).slice(0, 1),
      await checkFunction(farm.lambda, functionName),
    ];
  }
  const { doorFunctionName } = farm.address;
  const found = await Promise.all([
    doorFunctionName === undefined ? [] : checkFunction(farm.lambda, doorFunctionName, 'door'),
    known ? checkQuotas(quotas, known) : [notAsked('quotas', unknown)],
    known ? checkImage(ecr, known.image) : notAsked('image', unknown),
    checkWorkers(farm, unknown),
  ]);
  return found.flat();
}

const secretNames = [
  'SOURCE_ACCESS_KEY_ID',
  'SOURCE_SECRET_ACCESS_KEY',
  'OUTPUT_ACCESS_KEY_ID',
  'OUTPUT_SECRET_ACCESS_KEY',
];

function checkWorkers(farm: Farm, unknown: string): Promise<Finding> {
  return attempt('workers', 'Run "pulumi up", or take an AWS_PROFILE that may see the cluster.', async () => {
    const service = await readService(farm, farm.address);
    return service ? validateService(service) : notAsked('workers', unknown);
  });
}

/** With the keys that workers get, where workers have keys; on S3 they have their role, and you have yours. */
async function withBucket(
  side: Side,
  address: FarmAddress,
  secrets: Record<string, string>,
  env: NodeJS.ProcessEnv,
  check: (bucket: { s3: Farm['source']; bucket: string; whose: string }) => Promise<Finding>,
): Promise<Finding> {
  const bucket = address[`${side}Bucket`];
  const upper = side.toUpperCase();
  const fromFarm = {
    accessKeyId: secrets[`${upper}_ACCESS_KEY_ID`] ?? '',
    secretAccessKey: secrets[`${upper}_SECRET_ACCESS_KEY`] ?? '',
  };
  const isS3 = address[`${side}Storage`] === 's3';
  const own = fromFarm.accessKeyId && fromFarm.secretAccessKey ? fromFarm : undefined;
  const keys = own ?? keysFromEnvironment(side, env);
  if (!isS3 && keys === undefined) {
    const why = `the keys of ${address[`${side}Storage`]} are in SSM parameters that you may not read`;
    return notAsked(side, `${why}; or set FARM_${upper}_ACCESS_KEY_ID and FARM_${upper}_SECRET_ACCESS_KEY`);
  }
  const whose = isS3
    ? 'your own AWS credentials (workers have their role)'
    : own
      ? "the workers' own keys, from SSM"
      : `FARM_${upper}_ACCESS_KEY_ID`;
  const s3 = bucketClient(address, side, env, keys);
  try {
    return await check({ s3, bucket, whose });
  } finally {
    s3.destroy();
  }
}
