import { type Change, compareRuns } from '../../../tools/life-cycle/compare.ts';
import { stacksOf } from '../../../tools/life-cycle/matrix.ts';
import { recordFarm } from './farm.ts';
import { bareStack } from './stacks.ts';

/** What holds films, jobs, logs or secrets. */
const precious =
  /^(aws:s3\/bucket:Bucket|cloudflare:index\/r2Bucket|pulumi-nodejs:dynamic:|aws:sqs\/queue:|aws:sns\/topic:|aws:cloudwatch\/logGroup:|aws:ssm\/parameter:)/;

/** Precious things that a change takes away, because it means just that. */
export const meant: Readonly<Record<string, RegExp>> = {
  keepBuckets: /never/,
  // The account, the jurisdiction and the region are where a bucket is: another one is another bucket. The old ones stay.
  cloudflareAccountId: /r2Bucket/,
  r2Jurisdiction: /r2Bucket/,
  wasabiRegion: /dynamic/,
  // A lane that is taken away goes with its queues: docs/deploy.md says to empty it before.
  lanes: /sqs\/queue:|sns\/topic:/,
  // The same of the queue before that of the jobs, and the log of its function.
  functions: /sqs\/queue:|logGroup:/,
};

/**
 * A secret that is not set any more has no parameter any more, and a farm that has neither a webhook nor a database any more has no
 * reporter, whose reports no one wants. The log of a portal goes with the portal, and a waker with what it wakes.
 */
export const unset = ({ type, name, kind }: Change) =>
  kind === 'removed' &&
  (type.startsWith('aws:ssm/parameter') ||
    /^farm-(reports|reports-dead|reporter|portal|waker|waker-missed)$/.test(name));

export const described = ({ type, name, kind, properties }: Change) =>
  `${kind} ${type} ${name} ${properties.join(' ')}`;

export const lost = (changes: readonly Change[]) =>
  changes.filter(({ type, kind }) => precious.test(type) && (kind === 'replaced' || kind === 'removed'));

/** Each run of the program takes a tenth of a second, and three tests look at each change. */
const changesByKey = new Map<string, Promise<{ there: Change[]; back: Change[] }>>();
/** By the stack's config: most changes begin at the same. */
const recordings = new Map<string, ReturnType<typeof recordFarm>>();

export function changesOf(key: string): Promise<{ there: Change[]; back: Change[] }> {
  const known = changesByKey.get(key) ?? compared(key);
  changesByKey.set(key, known);
  return known;
}

async function compared(key: string): Promise<{ there: Change[]; back: Change[] }> {
  const { before, after } = stacksOf(key, bareStack);
  const id = JSON.stringify(before);
  const start = recordings.get(id) ?? recordFarm(before);
  recordings.set(id, start);
  const [old, now] = [await start, await recordFarm(after)];
  return { there: compareRuns(old, now), back: compareRuns(now, old) };
}
