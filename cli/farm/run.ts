import { resolve } from 'node:path';
import { Command } from 'commander';
import { Stopped, stopSignal } from '../closing.ts';
import { UserError } from '../errors.ts';
import { printable } from '../text/style.ts';
import { type FarmChoice, findFarm } from './address.ts';
import { connect, type Farm } from './farm.ts';

export interface CommonOptions extends FarmChoice {
  json?: true;
}

/** What a command works with. */
export interface Context {
  farm: Farm;
  /** Aborted by Ctrl-C and its like, with `Stopped`. */
  stop: AbortSignal;
  /** A line of the answer, for people: says nothing under `--json`. Control characters are the caller's to take out. */
  say(line?: string): void;
  /** The answer for programs: one line of JSON, under `--json` alone. */
  answer(value: unknown): void;
}

/** A command that talks to a farm. */
export function farmCommand(name: string): Command {
  return new Command(name)
    .option('--stack <name>', 'the farm of this Pulumi stack')
    .option('--farm <file>', 'the farm of these saved outputs ("pulumi stack output --json")')
    .option('--json', 'print one JSON object, and nothing else, on standard output');
}

/** Runs a command on the farm that is meant; sets the exit code. */
export async function withFarm(
  options: CommonOptions,
  work: (context: Context) => Promise<void>,
): Promise<void> {
  const json = options.json ?? false;
  let farm: Farm | undefined;
  try {
    // npm runs scripts in the project's folder and tells where it was called.
    const here = process.env.INIT_CWD ?? process.cwd();
    const file = options.farm === undefined ? undefined : resolve(here, options.farm);
    farm = connect(await findFarm({ stack: options.stack, farm: file }));
    await work({
      farm,
      stop: stopSignal(),
      say: (line = '') => void (json || console.log(line)),
      answer: (value) => void (json && console.log(JSON.stringify(value))),
    });
  } catch (error) {
    if (error instanceof Stopped) {
      process.exitCode = error.signal === 'SIGINT' ? 130 : 143;
      return;
    }
    const message = sentence(error);
    if (message === undefined) throw error;
    console.error(message);
    if (json) console.log(JSON.stringify({ error: { message } }));
    process.exitCode = 1;
  } finally {
    farm?.close();
  }
}

/** What people can mend, in a sentence; undefined for mistakes of the program. */
function sentence(error: unknown): string | undefined {
  if (error instanceof UserError) return error.message;
  const { name, message, code, $metadata } = error as Error & { code?: string; $metadata?: object };
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'ETIMEDOUT') {
    return `The farm does not answer (${printable(message || code)}). Is it still there? "farm demo --keep" starts one on this machine.`;
  }
  if (name === 'CredentialsProviderError') {
    return `There are no AWS credentials: ${message}. Log in ("aws sso login"), or set AWS_PROFILE.`;
  }
  if ($metadata !== undefined) return `The cloud says no (${name}): ${printable(message)}`;
  return undefined;
}
