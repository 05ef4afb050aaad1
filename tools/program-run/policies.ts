import type { Policy } from '../../cli/local-farm/rules/policy.ts';
import type { FarmRecording } from './farm.ts';

/** All policies of a role that the program makes, by the role's name in Pulumi, such as `farm-worker-task`. */
export function policiesOf({ resources }: Pick<FarmRecording, 'resources'>, role: string): Policy[] {
  const made = resources.find(({ type, name }) => type === 'aws:iam/role:Role' && name === role);
  if (made === undefined) throw new Error(`The program makes no role "${role}".`);
  return resources
    .filter(
      ({ type, inputs }) => type === 'aws:iam/rolePolicy:RolePolicy' && inputs.role === made.outputs.name,
    )
    .map(({ inputs }) => JSON.parse(String(inputs.policy)) as Policy);
}

/** Where a farm's things are, by the settings of a program in it. */
type Places = Readonly<Record<string, string | undefined>>;

/**
 * The same policies for a farm whose buckets and queues have other names.
 * @param recorded the environment of the program that has the role, as it was recorded
 * @param places that of the same program in the other farm
 * @param account region and account of its queues, such as `us-east-1:000000000000`
 */
export function translate(
  policies: readonly Policy[],
  recorded: Places,
  places: Places,
  account: string,
): Policy[] {
  let text = JSON.stringify(policies);
  const named = (end: string) => Object.keys(recorded).filter((name) => name.endsWith(end) && places[name]);
  for (const name of named('_BUCKET'))
    text = text.replaceAll(`arn:aws:s3:::${recorded[name]}`, `arn:aws:s3:::${places[name]}`);
  for (const name of named('QUEUE_URL'))
    text = text.replaceAll(`"${arnOf(recorded[name])}"`, `"${arnOf(places[name], account)}"`);
  for (const name of named('_ARN')) text = text.replaceAll(`"${recorded[name]}"`, `"${places[name]}"`);
  return JSON.parse(text) as Policy[];
}

function arnOf(queueUrl = '', account?: string): string {
  const { hostname, pathname } = new URL(queueUrl);
  const [, number, name] = pathname.split('/');
  return `arn:aws:sqs:${account ?? `${hostname.split('.')[1]}:${number}`}:${name}`;
}
