import type { z } from 'zod';
import { expectedBy, place } from '../protocol/expected.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Names whose values are never repeated. */
const secretNames = /SECRET|ACCESS_KEY/;

/** A mistake in one variable, in a line: its name, its value, and what is allowed. */
export function explain(issue: z.core.$ZodIssue, given: Variables): string {
  const name = String(issue.path[0]);
  const value = given[name];
  if (value === undefined) return `${name} is not set, and has no default`;
  const shown = secretNames.test(name) ? 'set to a value that cannot be used' : JSON.stringify(value);
  return `${name} is ${shown}: ${place(issue.path.slice(1))}${expectedBy(issue)}`;
}

/** Mistakes that no variable shows alone. */
export function contradictions(given: Variables): string[] {
  const sameCloud = (given.SOURCE_ENDPOINT ?? '') === (given.OUTPUT_ENDPOINT ?? '');
  const sameBucket =
    sameCloud && given.OUTPUT_BUCKET !== undefined && given.OUTPUT_BUCKET === given.SOURCE_BUCKET;
  const outputPrefix = given.OUTPUT_PREFIX ?? '';
  const sourcePrefix = given.SOURCE_PREFIX ?? '';
  const checks: [boolean, string][] = [
    [half(given, 'SOURCE'), halfText('SOURCE')],
    [half(given, 'OUTPUT'), halfText('OUTPUT')],
    [
      given.ALLOW_JOB_WEBHOOKS === 'true' && given.REPORTS_QUEUE_URL === undefined,
      'REPORTS_QUEUE_URL is not set, but jobs may name webhooks (ALLOW_JOB_WEBHOOKS): the reporter takes them from that queue',
    ],
    [
      given.QUEUE_URL !== undefined && given.QUEUE_URL === given.DEAD_LETTER_QUEUE_URL,
      'DEAD_LETTER_QUEUE_URL is the same as QUEUE_URL: failed jobs would come back for ever',
    ],
    [
      given.PARTS_QUEUE_URL !== undefined && given.PARTS_QUEUE_URL === given.QUEUE_URL,
      'PARTS_QUEUE_URL is the same as QUEUE_URL: parts are not jobs, and must be taken before them',
    ],
    [
      Number(given.WORKERS_PER_FILM ?? 1) > 1 &&
        given.PARTS_QUEUE_URL === undefined &&
        // A function invokes itself.
        given.AWS_LAMBDA_FUNCTION_NAME === undefined,
      'PARTS_QUEUE_URL is not set, but WORKERS_PER_FILM is over 1: part requests go there',
    ],
    [
      (['URGENT', 'BULK'] as const).some((lane) => {
        const hasParts = given[`${lane}_PARTS_QUEUE_URL`] !== undefined;
        return hasParts !== (given[`${lane}_QUEUE_URL`] !== undefined && given.PARTS_QUEUE_URL !== undefined);
      }),
      'URGENT_PARTS_QUEUE_URL and BULK_PARTS_QUEUE_URL go with URGENT_QUEUE_URL, BULK_QUEUE_URL and PARTS_QUEUE_URL: ' +
        'a lane shares its films where the others do',
    ],
    [
      (given.ENCRYPTION_KEY_URL === undefined) !== (given.ENCRYPTION_SECRET === undefined) ||
        (given.ENCRYPTION === 'aes-128' && given.ENCRYPTION_KEY_URL === undefined),
      'ENCRYPTION_KEY_URL and ENCRYPTION_SECRET go together, and ENCRYPTION needs both: players fetch keys there, and keys come of the secret',
    ],
    [
      given.ENCRYPTION === 'aes-128' && /[^\s,]/.test((given.OUTPUTS ?? '').replaceAll(/\bhls\b/g, '')),
      'OUTPUTS names files, which would lie in clear beside encrypted films (ENCRYPTION): leave them out, or have jobs ask for them with the option encryption: "none"',
    ],
    [
      given.QUEUE_URL?.endsWith('.fifo') === true,
      'QUEUE_URL names a FIFO queue, where single messages cannot be delayed as retries need it: use a standard queue',
    ],
    [
      sameBucket && sourcePrefix.startsWith(outputPrefix),
      `OUTPUT_PREFIX is ${JSON.stringify(outputPrefix)} in the bucket of the sources, so every source would be taken ` +
        'for output: give the output a prefix that no source has, such as "films/", or another bucket',
    ],
  ];
  return checks.filter(([isMistake]) => isMistake).map(([, text]) => text);
}

function half(given: Variables, side: string): boolean {
  return (
    (given[`${side}_ACCESS_KEY_ID`] === undefined) !== (given[`${side}_SECRET_ACCESS_KEY`] === undefined)
  );
}

function halfText(side: string): string {
  return (
    `${side}_ACCESS_KEY_ID and ${side}_SECRET_ACCESS_KEY go together: ` +
    'set both, or neither to use the credentials that AWS gives (in ECS the task role)'
  );
}
