import { Command, InvalidArgumentError, Option } from 'commander';
import { extraLaneNames } from '../../worker/src/protocol/lanes.ts';
import { UserError } from '../errors.ts';
import { outputsHelp, splitList } from '../submit/film-options.ts';
import { readJobOptions } from '../submit/job-options.ts';
import { type DemoOptions, demo } from './demo.ts';

/** `farm demo`: the whole farm on this machine, for one film. */
export function demoCommand(): Command {
  return new Command('demo')
    .argument('[movie]', 'your film; without one, a clip is made on the spot')
    .option('--out <dir>', 'leave the published files in DIR under <job id>/')
    .option('--exit', 'leave after the summary instead of serving the player page')
    .option('--outputs <list>', outputsHelp, splitList)
    .option('--keep', 'let the other commands use this farm until Ctrl-C')
    .option('--encryption', 'encrypt segments, with keys that a server on this machine gives to players')
    .option('--lanes', 'give the farm the priority lanes urgent and bulk')
    .option(
      '--webhook <url>',
      'post the events of the job there, signed with a secret that is printed',
      readUrl,
    )
    .option(
      '--json',
      'print one JSON object as the last line of standard output; progress goes to standard error',
    )
    .addOption(
      new Option('--compute <kind>', 'worker: processes that wait for work; function: as AWS Lambda runs it')
        .choices(['worker', 'function'])
        .default('worker'),
    )
    .option(
      '--workers <number>',
      'workers that make the film together; several make parts of 6 s',
      readWorkers,
      1,
    )
    .option(
      '--door <calls>',
      'a function looks at the film before the workers do, and so many more calls make parts of it',
      readCalls,
    )
    .option('--kill', 'kill one of several workers in the middle of the film, as a lost machine ends')
    .action((movie: string | undefined, options: Flags) =>
      demo(options.json ?? false, () => readFlags(movie, options)),
    );
}

/** @throws UserError for flags that do not go together */
function readFlags(movie: string | undefined, options: Flags): DemoOptions {
  if (options.door !== undefined && options.compute === 'function')
    throw new UserError(
      '--door is for workers that wait; with --compute function, functions make every film.',
    );
  if (options.kill && (options.workers < 2 || options.compute === 'function' || options.door !== undefined))
    throw new UserError(
      '--kill ends one of several workers: add --workers 3, without --compute function and --door.',
    );
  const { outputs } = readJobOptions({ outputs: options.outputs }).options ?? {};
  if (options.encryption && outputs?.some((output) => output !== 'hls'))
    throw new UserError(
      '--encryption is for the stream alone: files of --outputs would lie beside it in clear.',
    );
  return {
    movie,
    out: options.out,
    exit: options.exit ?? false,
    keep: options.keep ?? false,
    json: options.json ?? false,
    lanes: options.lanes ? extraLaneNames : [],
    webhook: options.webhook,
    workers: options.workers,
    compute: options.compute,
    outputs,
    encryption: options.encryption ?? false,
    door: options.door,
    kill: options.kill ?? false,
  };
}

interface Flags {
  out?: string;
  exit?: true;
  keep?: true;
  json?: true;
  lanes?: true;
  encryption?: true;
  kill?: true;
  outputs?: string[];
  webhook?: string;
  workers: number;
  compute: 'worker' | 'function';
  door?: number;
}

function readUrl(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new InvalidArgumentError('Expected an address that begins with http:// or https://.');
}

/** Each is a process that runs its own encoders, and a machine has only so many cores. */
const maxWorkers = 16;

function readCalls(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) <= maxWorkers) return Number(text);
  throw new InvalidArgumentError(`Expected a whole number from 0 to ${maxWorkers}.`);
}

function readWorkers(text: string): number {
  const count = Number(text);
  if (!/^\d{1,3}$/.test(text) || count < 1 || count > maxWorkers)
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${maxWorkers}.`);
  return count;
}
