import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { laneAddresses } from '../../../cli/demo/keep.ts';
import type { FarmAddress } from '../../../cli/farm/address.ts';
import type { CommandToRun } from './command-host.ts';
import type { TestFarm } from './local-farm.ts';

const main = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
const commandHost = fileURLToPath(new URL('command-host.ts', import.meta.url));
const hangsAfterMs = 100_000;

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

function environmentOf(folder: string, environment: Record<string, string>): NodeJS.ProcessEnv {
  const { INIT_CWD: _, FARM_STACK: __, FARM_FILE: ___, ...env } = process.env;
  return { ...env, XDG_STATE_HOME: join(folder, 'state'), ...environment };
}

/** Starts `farm ARGS` as a separate process in `folder`, which knows no farm by default. */
export function startFarmCommand(folder: string, args: string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: environmentOf(folder, environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve(endOf(code, output))));
  return { child, output, ended };
}

/**
 * Runs `farm ARGS` in `folder`, which knows no farm by default: after the command before, in the process of that one. What
 * is sent signals, or runs beside another command, is for `startFarmCommand`.
 */
export function farmCommand(
  folder: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  const command = { folder, args, env: environmentOf(folder, environment), endMark: `\0${randomUUID()}\0` };
  const ended = before.then(() => runInHost(command));
  before = ended;
  return ended;
}

let before: Promise<unknown> = Promise.resolve();
let host: ChildProcess | undefined;

function runInHost(command: CommandToRun): Promise<Ended> {
  host ??= startHost();
  const child = host;
  const output = collect(child);
  return new Promise((resolve) => {
    const end = (code: number | null, { stdout, stderr }: Output) => {
      clearTimeout(timer);
      child.stdout?.removeAllListeners('data');
      child.stderr?.removeAllListeners('data');
      child.removeAllListeners('close');
      resolve(endOf(code, { stdout, stderr }));
    };
    // Of a command that hangs its test fails, and not the next ones.
    const timer = setTimeout(() => child.kill('SIGKILL'), hangsAfterMs);
    const look = () => {
      const [stdout = '', code] = output.stdout.split(command.endMark);
      const [stderr = '', marked] = output.stderr.split(command.endMark);
      if (code?.endsWith('\n') && marked !== undefined) end(Number(code), { stdout, stderr });
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    // A command that ends its process.
    child.once('close', (code) => {
      host = undefined;
      end(code, output);
    });
    child.send(command);
  });
}

/** Ends with this process, which it does not keep from ending. */
function startHost(): ChildProcess {
  const child = spawn(process.execPath, [commandHost], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  child.unref();
  child.channel?.unref();
  return child;
}

interface Output {
  stdout: string;
  stderr: string;
}

function collect(child: ChildProcess): Output {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk;
  });
  return output;
}

function endOf(code: number | null, output: Output): Ended {
  return { code, ...output, json: <T>() => JSON.parse(output.stdout) as T };
}
