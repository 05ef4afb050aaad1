import {
  GetResourcesCommand,
  type ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { farmTag } from '../../infra/tags.ts';
import { UserError } from '../errors.ts';
import type { Answers } from '../farm/run.ts';
import { printable, styleFor } from '../text/style.ts';
import { readPlannedStack } from './deployment/stack.ts';
import { runProgram } from './run-program.ts';

interface Tagged {
  arn: string;
  tags: Record<string, string>;
}

/** What a resource of the stack's state is known by. */
type StackIds = ReadonlySet<string>;

/** `farm doctor --leftovers`: what an interrupted "pulumi up" or "destroy" left in the account. */
export async function showLeftovers(stack: string, { say, answer }: Answers): Promise<void> {
  const { ResourceGroupsTaggingAPIClient } = await import('@aws-sdk/client-resource-groups-tagging-api');
  const { region } = await readPlannedStack(stack);
  const clients = [...new Set([region, 'us-east-1'])].map(
    // What belongs to no region, such as CloudFront, is listed in us-east-1.
    (one) => new ResourceGroupsTaggingAPIClient(one ? { region: one } : {}),
  );
  try {
    const [ids, ...found] = await Promise.all([
      readStackIds(stack),
      ...clients.map((client) => listTagged(client, stack)),
    ]);
    const leftovers = leftoversOf(found.flat(), ids);
    const style = styleFor(process.stdout);
    for (const arn of leftovers) {
      say(printable(arn));
      const command = deleteCommand(arn);
      if (command) say(`    ${style.dim('delete:')} ${command}`);
    }
    say(
      leftovers.length === 0
        ? `Nothing is left over: everything with the tag ${farmTag}=${stack} is in the stack.`
        : `${leftovers.length} with the tag ${farmTag}=${stack}, and not in the stack. Buckets that keepBuckets keeps are among them, with their films; and everything of another farm in this account whose stack has the same name.`,
    );
    answer({ stack, leftovers: leftovers.map((arn) => ({ arn, delete: deleteCommand(arn) ?? null })) });
  } finally {
    for (const client of clients) client.destroy();
  }
}

export async function listTagged(client: ResourceGroupsTaggingAPIClient, stack: string): Promise<Tagged[]> {
  const tagged: Tagged[] = [];
  let PaginationToken: string | undefined;
  do {
    const page = await client.send(
      new GetResourcesCommand({ TagFilters: [{ Key: farmTag, Values: [stack] }], PaginationToken }),
    );
    for (const { ResourceARN = '', Tags = [] } of page.ResourceTagMappingList ?? []) {
      tagged.push({ arn: ResourceARN, tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) });
    }
    PaginationToken = page.PaginationToken || undefined;
  } while (PaginationToken !== undefined);
  return tagged;
}

/** None of a stack that does not exist any more. */
async function readStackIds(stack: string): Promise<StackIds> {
  try {
    return stackIds(await runProgram('pulumi', ['stack', 'export', `--stack=${stack}`]));
  } catch (error) {
    const { code, stderr = '', message } = error as Error & { code?: unknown; stderr?: string };
    if (/no stack named/.test(stderr)) return new Set();
    const why = code === 'ENOENT' ? 'pulumi is not on the PATH' : stderr.trim() || message;
    throw new UserError(`The resources of stack "${stack}" can't be read: ${why}.`);
  }
}

/** @param exported what "pulumi stack export" prints */
export function stackIds(exported: string): StackIds {
  const { deployment } = JSON.parse(exported) as {
    deployment?: {
      resources?: {
        type?: string;
        id?: string;
        outputs?: { arn?: string; sourceBucket?: string; outputBucket?: string };
      }[];
    };
  };
  return new Set(
    (deployment?.resources ?? []).flatMap(({ type, id, outputs = {} }) => {
      // A bucket that the farm once made and kept may be one that it uses again by its name.
      const used = type === 'pulumi:pulumi:Stack' ? [outputs.sourceBucket, outputs.outputBucket] : [];
      return [id, outputs.arn, ...used].filter((one) => one !== undefined);
    }),
  );
}

/**
 * Deleted resources stay in AWS's list of tags for some time, and instances and tasks come and go with the groups and
 * services that made them.
 */
export function leftoversOf(tagged: readonly Tagged[], ids: StackIds): string[] {
  const families = new Set([...ids].filter((id) => /:task-definition\//.test(id)).map(familyOf));
  // Earlier revisions are kept, so that ECS can go back to them.
  const isInStack = (arn: string) =>
    families.has(familyOf(arn)) || namesOf(arn).some((name) => ids.has(name));
  const isTransient = ({ arn, tags }: Tagged) =>
    /:(task|container-instance)\//.test(arn) ||
    'aws:autoscaling:groupName' in tags ||
    'aws:ecs:clusterName' in tags;
  const arns = tagged.filter((one) => !isTransient(one)).map(({ arn }) => arn);
  return [...new Set(arns)].filter((arn) => !isInStack(arn)).sort();
}

/** The ARN of a task definition without its revision. */
function familyOf(arn: string): string {
  return arn.replace(/:\d+$/, '');
}

/** Pulumi's id of a resource is its ARN, its name or the last part of its ARN. */
function namesOf(arn: string): string[] {
  const withoutStar = arn.replace(/:\*$/, '');
  const rest = withoutStar.split(':').slice(5).join(':');
  return [arn, withoutStar, rest, rest.replace(/^[a-z-]+[:/]/, ''), rest.split(/[:/]/).at(-1) ?? ''];
}

/** For the kinds of resources that a farm consists of. */
export function deleteCommand(arn: string): string | undefined {
  const [, , service, region, account, ...parts] = arn.split(':');
  const rest = parts.join(':');
  const id = rest.split('/').slice(1).join('/');
  const at = region ? ` --region ${region}` : '';
  const commands: Record<string, string> = {
    s3: `aws s3 rb s3://${rest} --force`,
    sqs: `aws sqs delete-queue --queue-url https://sqs.${region}.amazonaws.com/${account}/${rest}${at}`,
    sns: `aws sns delete-topic --topic-arn ${arn}${at}`,
    'lambda:function': `aws lambda delete-function --function-name ${rest.slice('function:'.length)}${at}`,
    'logs:log-group': `aws logs delete-log-group --log-group-name ${rest.slice('log-group:'.length).replace(/:\*$/, '')}${at}`,
    'ssm:parameter': `aws ssm delete-parameter --name /${id}${at}`,
    'ecr:repository': `aws ecr delete-repository --force --repository-name ${id}${at}`,
    'ecs:cluster': `aws ecs delete-cluster --cluster ${id}${at}`,
    'ecs:service': `aws ecs delete-service --force --cluster ${id.split('/')[0]} --service ${id.split('/').at(-1)}${at}`,
    'ecs:task-definition': `aws ecs deregister-task-definition --task-definition ${id}${at}`,
    'ecs:capacity-provider': `aws ecs delete-capacity-provider --capacity-provider ${id}${at}`,
    'ec2:vpc': `aws ec2 delete-vpc --vpc-id ${id}${at}`,
    'ec2:subnet': `aws ec2 delete-subnet --subnet-id ${id}${at}`,
    'ec2:security-group': `aws ec2 delete-security-group --group-id ${id}${at}`,
    'ec2:internet-gateway': `aws ec2 delete-internet-gateway --internet-gateway-id ${id}${at}`,
    'ec2:route-table': `aws ec2 delete-route-table --route-table-id ${id}${at}`,
    'ec2:vpc-endpoint': `aws ec2 delete-vpc-endpoints --vpc-endpoint-ids ${id}${at}`,
    'ec2:launch-template': `aws ec2 delete-launch-template --launch-template-id ${id}${at}`,
    'cloudwatch:alarm': `aws cloudwatch delete-alarms --alarm-names ${rest.slice('alarm:'.length)}${at}`,
    'events:rule': `aws events delete-rule --force --name ${id}${at}`,
    'cloudfront:distribution': `aws cloudfront delete-distribution --id ${id} --if-match ETAG`,
  };
  const kind = /^[a-z-]+(?=[:/])/.exec(rest)?.[0];
  return commands[`${service}:${kind}`] ?? commands[service ?? ''];
}
