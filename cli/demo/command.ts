import { Command } from 'commander';
import { demo } from './demo.ts';

/** `farm demo`: the whole farm on this machine, for one film. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('Start a farm on this machine, put a film into it and play the result')
    .argument('[movie]', 'your film; without one, a clip is made on the spot')
    .option('--out <dir>', 'leave the published files in DIR under <job id>/')
    .option('--exit', 'leave after the summary instead of serving the player page')
    .option('--keep', 'let the other commands use this farm until Ctrl-C')
    .option(
      '--json',
      'print one JSON object as the last line of standard output; progress goes to standard error',
    )
    .action((movie: string | undefined, options: { out?: string; exit?: true; keep?: true; json?: true }) =>
      demo({
        movie,
        out: options.out,
        exit: options.exit ?? false,
        keep: options.keep ?? false,
        json: options.json ?? false,
      }),
    );
}
