import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { FarmOutputs } from '../../infra/outputs.ts';
import { expectedBy } from '../../worker/src/protocol/expected.ts';
import { UserError } from '../errors.ts';
import { fileProblem } from '../text/file-problem.ts';

const backend = z.enum(['s3', 'r2', 'wasabi']);
const text = z.string().min(1);
const maybeUrl = z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default('');
/** Not all farms have it: on this machine, with Fargate, or made by an earlier version. */
const maybe = z
  .string()
  .transform((value) => value || undefined)
  .optional();

/** Where a farm is: the outputs of its stack under their own names, and what only a farm on this machine has. */
export const addressSchema = z.object({
  region: text,
  /** Jobs are published here, which wakes a sleeping farm at once. */
  topicArn: text,
  queueUrl: z.url(),
  /** The topics and queues of the priority lanes that the farm has. */
  urgentTopicArn: maybe,
  bulkTopicArn: maybe,
  urgentQueueUrl: maybe,
  urgentPartsQueueUrl: maybe,
  bulkQueueUrl: maybe,
  bulkPartsQueueUrl: maybe,
  deadLetterQueueUrl: z.url(),
  /** Carries part requests: each asks one more worker to make parts of a film. */
  partsQueueUrl: maybe,
  partsDeadLetterQueueUrl: maybe,
  /** Carries reports to the reporter. Only farms with a webhook or a database have one. */
  reportsQueueUrl: maybe,
  reportsDeadLetterQueueUrl: maybe,
  /** Where the reporter keeps what it delivered to webhooks. */
  reportsBucket: maybe,
  /** The reporter's function. */
  reporterName: maybe,
  reporterLogGroupName: maybe,
  sourceStorage: backend,
  sourceBucket: text,
  sourceRegion: text,
  sourceEndpoint: maybeUrl,
  uploadsStartJobs: z.boolean(),
  outputStorage: backend,
  outputBucket: text,
  outputRegion: text,
  outputEndpoint: maybeUrl,
  outputPrefix: z.string().default(''),
  publicUrl: maybeUrl,
  /** Where players fetch the keys of encrypted films. */
  encryptionKeyUrl: maybe,
  /** The farm's page in a browser; outputs of earlier versions lack it. */
  portalUrl: maybeUrl.optional(),
  dashboardUrl: z.string().default(''),
  sourceConsoleUrl: z.string().default(''),
  outputConsoleUrl: z.string().default(''),
  /** Where the workers run. */
  clusterName: maybe,
  serviceName: maybe,
  /** Of the workers, in CloudWatch Logs. */
  logGroupName: maybe,
  /** The Auto Scaling group of GPU instances. */
  groupName: maybe,
  /** The worker, where it is a function. */
  functionName: maybe,
  doorFunctionName: maybe,
  /** Before the jobs queues, where a function looks at jobs first. */
  doorQueueUrl: maybe,
  urgentDoorQueueUrl: maybe,
  bulkDoorQueueUrl: maybe,
  doorLogGroupName: maybe,
  /** Most workers at once. */
  maxTasks: z.number().int().positive().optional(),
  /** Most workers of one film. */
  workersPerFilm: z.number().int().positive().optional(),
  /** Only of a farm on this machine: one endpoint for queue and topic, any credentials, and which uploads become jobs. */
  local: z
    .object({
      endpoint: z.url(),
      pid: z.number().int(),
      uploadSuffixes: z.array(z.string()),
      reporterEndpoint: z.url().optional(),
    })
    .optional(),
} satisfies Partial<Record<keyof FarmOutputs, z.ZodType>> & { local: z.ZodType });

export type FarmAddress = z.infer<typeof addressSchema>;

/** How the person at the keyboard says which farm is meant. */
export interface FarmChoice {
  /** Name of a Pulumi stack. */
  stack?: string;
  /** A file with the outputs of a stack. */
  farm?: string;
}

/** No farm was named, and none runs on this machine. */
export class NoFarmError extends UserError {}

/** A stack that has no outputs: it was not created, or not deployed yet. */
export class NotDeployedError extends UserError {}

/** Whether the stack is deployed can't be known here. */
export class NoPulumiError extends UserError {}

const run = promisify(execFile);

/** Where `farm demo --keep` writes its address. */
export function localAddressPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(stateFolder(env), 'local.json');
}

/** What is to outlive a command. Follows the XDG Base Directory Specification. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'transcode-farm');
}

/**
 * The farm that is meant: `--stack`, `--farm`, FARM_STACK, FARM_FILE, or else the one that `farm demo --keep` runs here.
 * @throws UserError that names what was looked at and the next step; NoFarmError where no farm was named
 */
export async function findFarm(
  choice: FarmChoice,
  env: NodeJS.ProcessEnv = process.env,
): Promise<FarmAddress> {
  if (choice.stack !== undefined && choice.farm !== undefined) {
    throw new UserError('--stack and --farm both name a farm; give one of them.');
  }
  if (choice.stack === '') throw new UserError('--stack has no name behind it. Use one such as dev.');
  const isNamed = choice.stack !== undefined || choice.farm !== undefined;
  if (choice.stack) return readStack(choice.stack);
  if (!isNamed && env.FARM_STACK) return readStack(env.FARM_STACK).catch(blame('FARM_STACK'));
  if (choice.farm) return readSaved(choice.farm);
  if (!isNamed && env.FARM_FILE) return readSaved(env.FARM_FILE).catch(blame('FARM_FILE'));
  const path = localAddressPath(env);
  const local = await readFile(path, 'utf8').catch(() => undefined);
  if (local !== undefined)
    return readAddress(local, path, 'Start the farm of this machine again: "farm demo --keep".');
  throw new NoFarmError(
    'No farm is selected. Use --stack NAME (a Pulumi stack) or --farm FILE (a saved "pulumi stack output --json"), ' +
      'set FARM_STACK or FARM_FILE, or start a farm on this machine: "farm demo --keep".',
  );
}

async function readStack(stack: string): Promise<FarmAddress> {
  return readAddress(await stackOutputs(stack), `The outputs of stack "${stack}"`);
}

async function readSaved(file: string): Promise<FarmAddress> {
  const saved = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UserError(`The farm's file can't be read: ${fileProblem(error, file) ?? error.message}.`);
  });
  return readAddress(saved, file);
}

/** Nobody typed the name of this farm, so an error says where it is from. */
function blame(variable: string) {
  return (error: Error): never => {
    if (error instanceof UserError) error.message += `\nThe variable ${variable} names this farm.`;
    throw error;
  };
}

/** Which farm `findFarm` takes, and why that one. */
export interface FarmOrigin {
  by: '--stack' | '--farm' | 'FARM_STACK' | 'FARM_FILE' | 'local';
  /** Name of the stack, or the file. */
  value: string;
  text: string;
}

export function farmOrigin({ stack, farm }: FarmChoice, env: NodeJS.ProcessEnv = process.env): FarmOrigin {
  if (stack !== undefined) return { by: '--stack', value: stack, text: `stack ${stack}, by --stack` };
  if (farm !== undefined) return { by: '--farm', value: farm, text: `file ${farm}, by --farm` };
  const { FARM_STACK, FARM_FILE } = env;
  if (FARM_STACK) return { by: 'FARM_STACK', value: FARM_STACK, text: `stack ${FARM_STACK}, by FARM_STACK` };
  if (FARM_FILE) return { by: 'FARM_FILE', value: FARM_FILE, text: `file ${FARM_FILE}, by FARM_FILE` };
  const value = localAddressPath(env);
  return {
    by: 'local',
    value,
    text: `"farm demo --keep" on this machine (${value}), as nothing else is selected`,
  };
}

/**
 * @param fix what to do where it is not valid
 * @throws UserError that lists what is missing or wrong
 */
export function readAddress(
  json: string,
  where: string,
  fix = 'Run "pulumi up", then save the outputs again: pulumi stack output --json > farm.json',
): FarmAddress {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new UserError(`${where} is not JSON, as "pulumi stack output --json" prints it. ${fix}`);
  }
  const parsed = addressSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || 'all'}: ${expectedBy(issue)}`,
  );
  throw new UserError(`${where} is not a valid farm file:\n${mistakes.join('\n')}\n${fix}`);
}

async function stackOutputs(stack: string): Promise<string> {
  try {
    const { stdout } = await run('pulumi', ['stack', 'output', '--json', `--stack=${stack}`], {
      maxBuffer: 2 ** 24,
    });
    if (stdout.trim() !== '{}') return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') {
      throw new NoPulumiError(
        `The outputs of stack "${stack}" can't be read: pulumi is not on the PATH. Install Pulumi (https://www.pulumi.com/docs/iac/download-install/), or use --farm FILE.`,
      );
    }
    const said = (stderr ?? '').trim();
    if (/no stack named/.test(said)) {
      throw new NotDeployedError(
        `There is no stack "${stack}". Pulumi says: ${said}. Create it with "pulumi stack init ${stack}", or list the stacks with "pulumi stack ls".`,
      );
    }
    throw new UserError(`The outputs of stack "${stack}" can't be read. Pulumi says: ${said}`);
  }
  throw new NotDeployedError(
    `Stack "${stack}" is not deployed. Run "farm doctor --stack ${stack}", then "pulumi up --stack ${stack}".`,
  );
}
