import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { laneAddresses } from '../../../cli/demo/keep.ts';
import type { FarmAddress } from '../../../cli/farm/address.ts';
import type { TestFarm } from './local-farm.ts';

const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Standard output as JSON. */
  json<T>(): T;
}

/** What `farm demo --keep` would write of this farm. */
export function addressOf(farm: TestFarm, uploadSuffixes: string[] = ['.mp4']): FarmAddress {
  const endpoint = farm.env.SQS_ENDPOINT ?? '';
  return {
    region: 'us-east-1',
    topicArn: 'arn:aws:sns:us-east-1:000000000000:films',
    queueUrl: farm.queueUrl,
    deadLetterQueueUrl: farm.deadLetterQueueUrl,
    ...laneAddresses(farm),
    partsQueueUrl: farm.partsQueueUrl,
    sourceStorage: 's3',
    sourceBucket: farm.sourceBucket,
    sourceRegion: 'us-east-1',
    sourceEndpoint: endpoint,
    uploadsStartJobs: true,
    outputStorage: 's3',
    outputBucket: farm.outputBucket,
    outputRegion: 'us-east-1',
    outputEndpoint: endpoint,
    outputPrefix: '',
    publicUrl: '',
    dashboardUrl: '',
    sourceConsoleUrl: '',
    outputConsoleUrl: '',
    local: { endpoint, pid: process.pid, uploadSuffixes },
  };
}

export async function saveAddress(folder: string, address: object): Promise<string> {
  const path = join(folder, 'farm.json');
  await writeFile(path, JSON.stringify(address));
  return path;
}

/** Starts `farm ARGS` as a separate process in `folder`, which knows no farm by default. */
export function startFarmCommand(folder: string, args: string[], environment: Record<string, string> = {}) {
  const { INIT_CWD: _, FARM_STACK: __, FARM_FILE: ___, ...env } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...env, XDG_STATE_HOME: join(folder, 'state'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code) =>
      resolve({ code, ...output, json: <T>() => JSON.parse(output.stdout) as T }),
    ),
  );
  return { child, output, ended };
}

export function farmCommand(
  folder: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  return startFarmCommand(folder, args, environment).ended;
}
