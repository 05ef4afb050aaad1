import { type Change, compareRuns } from '../life-cycle/compare.ts';
import { settingChanges, stacksOf } from '../life-cycle/matrix.ts';
import { isWorkersOwn, recordFarm } from '../program-run/farm.ts';
import { stackOf } from '../program-run/stacks.ts';

const heading = '## What happens when I change this setting';

/** docs/deploy.md with its last section made again: each setting changed on a farm that runs. */
export async function deployPage(page: string): Promise<string> {
  const start = page.indexOf(heading);
  const above = start === -1 ? `${page.trimEnd()}\n` : page.slice(0, start).trimEnd();
  const rows: string[] = [];
  for (const key of Object.keys(settingChanges)) rows.push(await row(key));
  return `${above}\n\n${heading}\n\n${introduction}\n\n| Setting | Workers | Made, replaced, removed | Kept |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

const introduction = `<!-- Made by \`npm run docs\` from tools/life-cycle: the program runs before and after the change. Change it there. -->

Everything that is not named changes in place. "Rolled out": ECS starts tasks of the new revision and stops the old ones (SIGTERM; two
minutes to finish or give back the job, which then goes on after its recorded parts). Buckets, queues, logs and secrets are never replaced,
but where the table says so; a bucket that is kept stays in its account, films and all, and \`outputBucket\` or \`sourceBucket\` names it
again. Whether it is kept says \`keepBuckets\` as it was at the \`pulumi up\` before: set it to \`true\` and run \`pulumi up\` before a change that
takes a bucket out of the stack. Where workers "go on", nothing is interrupted; they read \`workersPerFilm\` when they start, so those that run keep the former number.
A rollout interrupts a job for the time that its new worker takes to start, 1 to 3 minutes, and costs the encoding of the part that was
under way. While a worker runs, its network interface holds the security group of the former \`vpcId\`, and \`pulumi up\` waits until it
ends: change \`vpcId\` and \`subnetIds\` while the farm sleeps. With \`workerImage\` the farm keeps its own repository and the images in it: ECS
goes back to them if the new image does not start. Back from a \`workerImage\` that is in another repository of ECR, the workers' role may pull from
the farm's own alone: if what was built does not start, set \`workerImage\` again and run \`pulumi up\`. A lane that is taken
out of \`lanes\` goes with its queues and the jobs that wait there: send it no more, and wait until \`farm status\` shows it empty. The same with
\`functions: none\` after \`door\`: its queue goes, so change it while \`farm status\` shows no job that waits.`;

async function row(key: string): Promise<string> {
  const { before, after } = stacksOf(key, (changes) => stackOf({}, changes, 'dev'));
  const changes = compareRuns(await recordFarm(before), await recordFarm(after));
  const of = (...kinds: Change['kind'][]) => changes.filter(({ kind }) => kinds.includes(kind));
  const moved = ['made', 'replaced', 'removed'].flatMap((kind) => {
    const types = namesOf(of(kind as Change['kind']).filter(({ type }) => !/taskDefinition/.test(type)));
    return types.length === 0 ? [] : [`${kind}: ${types.join(', ')}`];
  });
  return `| \`${key}\` | ${workers(changes)} | ${moved.join('; ') || '–'} | ${namesOf(of('kept').filter(({ type }) => !isSetting(type))).join(', ') || '–'} |`;
}

function workers(changes: readonly Change[]): string {
  const has = (type: string, ...kinds: Change['kind'][]) =>
    changes.some((change) => change.type === type && isWorkersOwn(change) && kinds.includes(change.kind));
  if (has('aws:ecs/service:Service', 'made')) return 'others beside the old, which then stop';
  if (has('aws:ecs/taskDefinition:TaskDefinition', 'replaced')) return 'rolled out';
  return has('aws:ecs/service:Service', 'changed') ? 'rolled out' : 'go on';
}

/** Settings of a bucket stay with it. */
const isSetting = (type: string) => /:(R2)?Bucket[A-Z]\w+$/.test(type);

/** Types in the words of the clouds, each once. */
function namesOf(changes: readonly Change[]): string[] {
  return [...new Set(changes.map(({ type }) => type.split(':').at(-1) ?? type))].sort();
}
