import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { type DeadLetter, type HeldDeadLetter, release, takeDeadLetters } from '../farm/dead-letters.ts';
import { redriveChosen } from '../farm/redrive.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { deadLines, redriveLines } from './text.ts';

/** `farm dead`: the failed jobs among the dead letters, and why they failed. */
export function deadCommand(): Command {
  return farmCommand('dead').action((options: CommonOptions) =>
    withFarm(options, async ({ farm, say, answer }) => {
      const deadLetters = await takeDeadLetters(farm);
      await release(farm, deadLetters);
      for (const line of deadLines(deadLetters)) say(line);
      answer({ deadLetters: deadLetters.map(toAnswer) });
    }),
  );
}

/** `farm redrive`: tries them again. */
export function redriveCommand(): Command {
  return farmCommand('redrive')
    .argument('[ids...]', 'ids of jobs (or of messages); none: all')
    .option('--reason <reason>', 'only those with this reason: its code, or words of it')
    .option('--dry-run', 'only list which ones they are')
    .action((ids: string[], options: CommonOptions & { reason?: string; dryRun?: true }) =>
      withFarm(options, async ({ farm, stop, say, answer }) => {
        const dryRun = options.dryRun ?? false;
        const { chosen } = await redriveChosen(
          farm,
          { ids, reason: options.reason },
          { signal: stop, dryRun },
        );
        const missing = ids.filter(
          (id) => !chosen.some(({ jobId, messageId }) => jobId === id || messageId === id),
        );
        if (missing.length > 0 && chosen.length === 0) {
          throw new UserError(
            `There is no dead letter of ${missing.join(' or ')}${options.reason ? ' with that reason' : ''}. "farm dead" lists them all.`,
          );
        }
        for (const line of redriveLines(chosen, dryRun)) say(line);
        if (missing.length > 0) say(`There is no dead letter of ${missing.join(' or ')}.`);
        answer({ dryRun, redriven: chosen.map(toAnswer), notFound: missing });
      }),
    );
}

function toAnswer({ message: _, ...deadLetter }: HeldDeadLetter): DeadLetter {
  return deadLetter;
}
