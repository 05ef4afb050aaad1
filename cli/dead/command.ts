import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import {
  type DeadLetter,
  type HeldDeadLetter,
  isChosen,
  redrive,
  release,
  takeDeadLetters,
} from '../farm/dead-letters.ts';
import { type CommonOptions, farmCommand, withFarm } from '../farm/run.ts';
import { printable } from '../text/style.ts';

/** `farm dead`: the jobs that were given up, and why. */
export function deadCommand(): Command {
  return farmCommand('dead').action((options: CommonOptions) =>
    withFarm(options, async ({ farm, say, answer }) => {
      const letters = await takeDeadLetters(farm);
      await release(farm, letters);
      for (const letter of letters) say(letterLine(letter));
      say(
        letters.length === 0 ? 'No job was given up.' : `${count(letters)}. "farm redrive" tries them again.`,
      );
      answer({ deadLetters: letters.map(toAnswer) });
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
        const letters = await takeDeadLetters(farm);
        const chosen = letters.filter((letter) => isChosen(letter, { ids, reason: options.reason }));
        const redriven: HeldDeadLetter[] = [];
        try {
          const onRedriven = (done: readonly HeldDeadLetter[]) => void redriven.push(...done);
          if (!options.dryRun) await redrive(farm, chosen, { signal: stop, onRedriven });
        } finally {
          const done = new Set(redriven);
          await release(
            farm,
            letters.filter((letter) => !done.has(letter)),
          );
        }
        const missing = ids.filter(
          (id) => !chosen.some((letter) => letter.jobId === id || letter.messageId === id),
        );
        if (missing.length > 0 && chosen.length === 0) {
          throw new UserError(
            `No job that was given up is ${missing.join(' or ')}${options.reason ? ' and has that reason' : ''}. "farm dead" lists them.`,
          );
        }
        for (const letter of chosen) say(letterLine(letter));
        say(`${count(chosen)} ${options.dryRun ? 'would be tried again' : 'back in the queue'}.`);
        answer({ dryRun: options.dryRun ?? false, redriven: chosen.map(toAnswer), notFound: missing });
      }),
    );
}

/** Jobs, and part requests where there are any. */
function count(letters: readonly DeadLetter[]): string {
  const parts = letters.filter(({ queue }) => queue === 'parts').length;
  const jobs = letters.length - parts;
  return [
    ...(jobs > 0 || parts === 0 ? [`${jobs} ${jobs === 1 ? 'job' : 'jobs'}`] : []),
    ...(parts > 0 ? [`${parts} part ${parts === 1 ? 'request' : 'requests'}`] : []),
  ].join(' and ');
}

function letterLine({ queue, jobId, messageId, reason, reasonCode, source }: DeadLetter): string {
  return printable(
    [
      jobId ?? `message ${messageId}`,
      source ?? 'no source',
      ...(queue === 'parts' ? ['part request'] : []),
      `${reasonCode ? `[${reasonCode}] ` : ''}${reason ?? 'moved here by SQS: handed out too often'}`,
    ].join('  '),
  );
}

function toAnswer({ message: _, ...letter }: HeldDeadLetter): DeadLetter {
  return letter;
}
