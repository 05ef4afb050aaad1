import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { Stopped, stopSignal } from '../stop-signal.ts';
import { fitTo } from '../text/wrap.ts';
import { type FarmAddress, type FarmChoice, findFarm } from './address.ts';
import { connect, type Farm } from './farm.ts';
import { sentence } from './sentence.ts';

export interface CommonOptions extends FarmChoice {
  json?: true;
  profile?: string;
  region?: string;
}

/** How a command reports what it found. */
export interface Answers {
  /** Aborted by Ctrl-C and its like, with `Stopped`. */
  stop: AbortSignal;
  /** A line of the answer, for people: says nothing under `--json`. Control characters are the caller's to take out. */
  say(line?: string): void;
  /** The answer for programs: one line of JSON, under `--json` alone. */
  answer(value: unknown): void;
}

/** What a command works with. */
export interface Context extends Answers {
  farm: Farm;
}

/** A command that talks to a farm. */
export function farmCommand(name: string): Command {
  const command = new Command(name).option(
    '--json',
    'print one JSON object, and nothing else, on standard output',
  );
  for (const [flags, description] of farmOptions) {
    command.addOption(new Option(flags, description).helpGroup('Which farm:'));
  }
  return command;
}

const farmOptions = [
  ['--stack <name>', 'the farm of this Pulumi stack'],
  ['--farm <file>', 'the farm of these saved outputs ("pulumi stack output --json")'],
  ['--profile <name>', 'the AWS profile to use, instead of AWS_PROFILE'],
  ['--region <region>', 'the AWS region before a farm is deployed, instead of AWS_REGION'],
] as const;

/** Runs a command on the farm that is meant; sets the exit code. */
export async function withFarm(
  options: CommonOptions,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  await runCommand(options, async (answers) => {
    const farm = connect(await chosenFarm(options));
    try {
      await work({ farm, ...answers });
    } finally {
      farm.close();
    }
  });
}

/** Runs a command to its end; sets the exit code. A `UserError` is printed as its message. */
export async function runCommand(
  { json = false, profile, region }: Pick<CommonOptions, 'profile' | 'region'> & { json?: boolean },
  work: (answers: Answers) => Promise<void>,
): Promise<void> {
  // In the environment, so that Pulumi, which some commands start, uses them too.
  if (profile !== undefined) process.env.AWS_PROFILE = profile;
  if (region !== undefined) process.env.AWS_REGION = region;
  const stop = stopSignal();
  stop.addEventListener('abort', () => exitLate(stop.reason));
  try {
    await work({
      stop,
      say: (line = '') => void (json || console.log(fitTo(process.stdout, line))),
      answer: (value) => void (json && console.log(JSON.stringify(value))),
    });
  } catch (error) {
    if (error instanceof Stopped) {
      process.exitCode = exitCodeOf(error);
      return;
    }
    const message = sentence(error);
    if (message === undefined) throw error;
    console.error(fitTo(process.stderr, message));
    if (json) console.log(JSON.stringify({ error: { message } }));
    process.exitCode = 1;
  }
}

/** A call to a cloud that does not answer would keep the command for minutes after Ctrl-C. */
const patienceMs = 3000;

function exitLate(reason: unknown): void {
  setTimeout(() => process.exit(exitCodeOf(reason)), patienceMs).unref();
}

function exitCodeOf(reason: unknown): number {
  return reason instanceof Stopped && reason.signal === 'SIGINT' ? 130 : 143;
}

/** @throws UserError; NoFarmError where no farm was named */
export function chosenFarm({ stack, farm }: FarmChoice): Promise<FarmAddress> {
  return findFarm({ stack, farm: farm === undefined ? undefined : resolve(here(), farm) });
}

/** Where the command was called: npm runs scripts in the project's folder and passes it on. */
export function here(): string {
  return process.env.INIT_CWD ?? process.cwd();
}
