import type { DeadLetter } from '../farm/dead-letters.ts';
import { printable } from '../text/style.ts';

export function deadLines(deadLetters: readonly DeadLetter[]): string[] {
  if (deadLetters.length === 0) return ['There are no dead letters.'];
  const them = deadLetters.length === 1 ? 'it' : 'them';
  return [
    ...deadLetters.map(lineOf),
    `${count(deadLetters, 'failed ')}. "farm redrive" tries ${them} again.`,
  ];
}

export function redriveLines(chosen: readonly DeadLetter[], dryRun: boolean): string[] {
  return [
    ...chosen.map(lineOf),
    `${count(chosen)} ${dryRun ? 'would be tried again' : 'back in the queue'}.`,
  ];
}

/** Jobs, and part requests where there are any. */
function count(deadLetters: readonly DeadLetter[], state = ''): string {
  const parts = deadLetters.filter(({ queue }) => queue === 'parts').length;
  const jobs = deadLetters.length - parts;
  return [
    ...(jobs > 0 || parts === 0 ? [`${jobs} ${state}${jobs === 1 ? 'job' : 'jobs'}`] : []),
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
