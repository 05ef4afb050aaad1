import type { Command } from 'commander';

/** Flags of a job that shape its film; `readJobOptions` judges them. */
export function addFilmOptions(command: Command): Command {
  return command
    .option('--include-480p', 'add a 480p rendition to the standard ladder')
    .option('--ladder <ladder>', 'name of a ladder, or its JSON')
    .option('--segment-seconds <seconds>', 'length of a media segment')
    .option('--thumbnail-at <place>', 'where the poster is taken: seconds, or a share such as 10%')
    .option('--workers <number>', 'the most workers that make the film together');
}
