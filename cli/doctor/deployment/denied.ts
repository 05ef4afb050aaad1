import {
  CreateLaunchTemplateCommand,
  CreateVpcCommand,
  type EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetRoleCommand, type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { FarmSettings } from '../../../infra/settings/settings.ts';
import { sentence } from '../../farm/sentence.ts';
import { consult, type Finding, failed, notAsked, ok, warning } from '../finding.ts';
import { usesNetwork } from './region.ts';

/** What the dry run of one call came to. */
export interface DryRun {
  call: string;
  result: 'allowed' | 'denied' | 'unknown';
  /** What AWS said. */
  message: string;
}

/**
 * Calls that AWS checks against every policy, organization policies included, without carrying them out.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
 */
export async function checkDryRuns(
  ec2: EC2Client,
  settings: Pick<FarmSettings, 'compute' | 'network' | 'portal'>,
): Promise<Finding> {
  const { compute } = settings;
  const DryRun = true;
  const runs: Promise<DryRun>[] = [];
  if (usesNetwork(settings) && !settings.network.existing) {
    runs.push(dryRun('ec2:CreateVpc', ec2.send(new CreateVpcCommand({ DryRun, CidrBlock: '10.0.0.0/16' }))));
  }
  if (compute.kind === 'gpu') {
    const InstanceType = compute.instanceTypes[0] as 'g4dn.xlarge';
    const ImageId = 'resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id';
    const one = { DryRun, InstanceType, ImageId, MinCount: 1, MaxCount: 1 };
    const spot = { InstanceMarketOptions: { MarketType: 'spot' as const } };
    const template = { DryRun, LaunchTemplateName: 'farm-doctor', LaunchTemplateData: { InstanceType } };
    runs.push(
      dryRun('ec2:CreateLaunchTemplate', ec2.send(new CreateLaunchTemplateCommand(template))),
      dryRun('ec2:RunInstances', ec2.send(new RunInstancesCommand({ ...one, ...(compute.spot && spot) }))),
    );
  }
  return validateDryRuns(await Promise.all(runs));
}

async function dryRun(call: string, sent: Promise<unknown>): Promise<DryRun> {
  try {
    await sent;
    return { call, result: 'unknown', message: 'AWS ignored that this was a dry run' };
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'DryRunOperation') return { call, result: 'allowed', message };
    const result = name === 'UnauthorizedOperation' ? 'denied' : 'unknown';
    return { call, result, message: sentence(error) ?? message };
  }
}

export function validateDryRuns(runs: readonly DryRun[]): Finding {
  const name = 'dry runs';
  const denied = runs.filter(({ result }) => result === 'denied');
  const unknown = runs.filter(({ result }) => result === 'unknown');
  const [first = unknown[0]] = denied;
  if (runs.length === 0) return notAsked(name, 'the stack calls nothing that AWS has a dry run of');
  if (first === undefined) return ok(name, `${runs.map(({ call }) => call).join(', ')} would be allowed`);
  if (denied.length === 0) return notAsked(name, `${first.call} gave no answer: ${first.message}`);
  const policy = /service control policy/.test(first.message)
    ? "Ask your organization's administrator: a service control policy denies it."
    : `Let this user call ${denied.map(({ call }) => call).join(', ')}.`;
  return failed(
    name,
    `${denied.map(({ call }) => call).join(', ')} would be denied: ${first.message}`,
    policy,
  );
}

/** One call that makes a resource, of each service that "pulumi up" uses. */
export function callsOf(
  settings: Pick<FarmSettings, 'compute' | 'storage' | 'network' | 'portal'>,
): string[] {
  const { compute, storage, portal } = settings;
  const isFunction = compute.kind === 'function';
  const hasPortalService = portal?.host.kind === 'service';
  const ecs = ['ecs:CreateCluster', 'ecs:RegisterTaskDefinition', 'ecs:CreateService'];
  const usesS3 = storage.source.backend === 's3' || storage.output.backend === 's3';
  return [
    ...['sqs:CreateQueue', 'sns:CreateTopic', 'ssm:PutParameter', 'logs:CreateLogGroup'],
    ...['ecr:CreateRepository', 'cloudwatch:PutMetricAlarm'],
    ...(isFunction
      ? ['lambda:CreateEventSourceMapping', 'lambda:PutFunctionConcurrency']
      : ['events:PutRule']),
    ...(isFunction && !hasPortalService ? [] : [...ecs, 'application-autoscaling:RegisterScalableTarget']),
    ...(hasPortalService ? ['elasticloadbalancing:CreateLoadBalancer'] : []),
    ...['lambda:CreateFunction', 'iam:CreateRole', 'iam:PutRolePolicy', 'iam:PassRole'],
    ...(usesS3 ? ['s3:CreateBucket', 's3:PutBucketNotification'] : []),
    ...(usesNetwork(settings) && !settings.network.existing
      ? ['ec2:CreateVpc', 'ec2:CreateSubnet', 'ec2:CreateVpcEndpoint']
      : []),
    ...(compute.kind === 'gpu'
      ? ['ec2:CreateLaunchTemplate', 'ec2:RunInstances', 'autoscaling:CreateAutoScalingGroup']
      : []),
  ];
}

/** Asks IAM what it would decide, with the policies of the caller and of the organization. */
export function checkPolicies(iam: IAMClient, callerArn: string, calls: readonly string[]): Promise<Finding> {
  const name = 'permissions';
  if (callerArn.endsWith(':root')) return Promise.resolve(ok(name, 'you are the root user of the account'));
  return consult(name, 'iam:SimulatePrincipalPolicy and iam:GetRole', async () => {
    const PolicySourceArn = await principalOf(iam, callerArn);
    const { EvaluationResults = [] } = await iam.send(
      new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: [...calls] }),
    );
    const named = (test: (result: (typeof EvaluationResults)[number]) => boolean) =>
      EvaluationResults.filter(test).flatMap(({ EvalActionName }) => EvalActionName ?? []);
    const byOrganization = named((one) => one.OrganizationsDecisionDetail?.AllowedByOrganizations === false);
    const denied = named(({ EvalDecision }) => EvalDecision === 'explicitDeny');
    const unmentioned = named(({ EvalDecision }) => EvalDecision === 'implicitDeny');
    if (byOrganization.length > 0) {
      const ask = "Ask your organization's administrator: a service control policy denies it.";
      return failed(name, `the organization denies ${byOrganization.join(', ')}`, ask);
    }
    if (denied.length > 0) {
      return failed(
        name,
        `a policy denies ${denied.join(', ')}`,
        `Remove the denial from the policies of ${PolicySourceArn}.`,
      );
    }
    if (unmentioned.length > 0) {
      return warning(
        name,
        `no policy of ${PolicySourceArn} allows ${unmentioned.join(', ')} on every resource`,
        'Allow these calls, at least for the names in docs/security.md, or use another --profile.',
      );
    }
    return ok(name, `all ${calls.length} calls that were asked about would be allowed`);
  });
}

/** Policies belong to the role, which the ARN of a session names without its path. */
async function principalOf(iam: IAMClient, callerArn: string): Promise<string> {
  const RoleName = /:assumed-role\/([^/]+)\//.exec(callerArn)?.[1];
  if (RoleName === undefined) return callerArn;
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  return Role?.Arn ?? callerArn;
}
