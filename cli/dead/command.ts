import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { type DeadLetter, type HeldDeadLetter, release, takeDeadLetters } from '../farm/dead-letters.ts';
import { redriveChosen } from '../farm/redrive.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { printable } from '../text/style.ts';

/** `farm dead`: the jobs that were given up, and why. */
export function deadCommand(): Command {
  return farmCommand('dead').action((options: CommonOptions) =>
    withFarm(options, async ({ farm, say, answer }) => {
      const deadLetters = await takeDeadLetters(farm);
      await release(farm, deadLetters);
      for (const deadLetter of deadLetters) say(lineOf(deadLetter));
      say(
        deadLetters.length === 0
          ? 'No job was given up.'
          : `${count(deadLetters)}. "farm redrive" tries them again.`,
      );
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
            `No job that was given up is ${missing.join(' or ')}${options.reason ? ' and has that reason' : ''}. "farm dead" lists them.`,
          );
        }
        for (const deadLetter of chosen) say(lineOf(deadLetter));
        say(`${count(chosen)} ${dryRun ? 'would be tried again' : 'back in the queue'}.`);
        answer({ dryRun, redriven: chosen.map(toAnswer), notFound: missing });
      }),
    );
}

/** Jobs, and part requests where there are any. */
function count(deadLetters: readonly DeadLetter[]): string {
  const parts = deadLetters.filter(({ queue }) => queue === 'parts').length;
  const jobs = deadLetters.length - parts;
  return [
    ...(jobs > 0 || parts === 0 ? [`${jobs} ${jobs === 1 ? 'job' : 'jobs'}`] : []),
    ...(parts > 0 ? [`${parts} part ${parts === 1 ? 'request' : 'requests'}`] : []),
  ].join(' and ');
}

function lineOf({ queue, jobId, messageId, reason, reasonCode, source }: DeadLetter): string {
  return printable(
    [
      jobId ?? `message ${messageId}`,
      source ?? 'no source',
      ...(queue === 'parts' ? ['part request'] : []),
      `${reasonCode ? `[${reasonCode}] ` : ''}${reason ?? 'moved here by SQS: handed out too often'}`,
    ].join('  '),
  );
}

function toAnswer({ message: _, ...deadLetter }: HeldDeadLetter): DeadLetter {
  return deadLetter;
}
