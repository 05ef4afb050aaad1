import type * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmName } from '../names.ts';
import { allow } from '../policy.ts';
import { bucketPrefix } from '../storage/bucket-name.ts';
import { boundaryArn } from './boundary.ts';
import { issuer } from './provider.ts';
import { unnamedActions, unnamedGlobalActions } from './unnamed-actions.ts';

/** What the rights are narrowed to. */
export interface DeployedFarm {
  /** The farm's name, which begins the names of what it makes. */
  farm: string;
  account: pulumi.Input<string>;
  region: pulumi.Input<string>;
  /** S3 buckets that the farm uses and did not make. */
  existingBuckets: pulumi.Input<string>[];
  /** S3 buckets that the farm made. A renamed stack keeps those that have its former name. */
  madeBuckets: pulumi.Input<string>[];
  /** Route 53 zone of the portal's domain; undefined where its owner sets the records. */
  zoneId?: pulumi.Input<string>;
  /** S3 bucket that holds Pulumi's state; undefined with Pulumi Cloud. */
  stateBucket?: string;
}

/** What `pulumi preview` looks up. */
export function previewStatements({
  account,
  existingBuckets,
  stateBucket,
}: DeployedFarm): aws.iam.PolicyStatement[] {
  return [
    // None of the three has a resource to be narrowed to (service authorization reference).
    allow(
      'LookUp',
      ['ec2:DescribeAvailabilityZones', 'ec2:DescribeInstanceTypeOfferings', 'ecr:GetAuthorizationToken'],
      '*',
    ),
    ...seeProvider(account),
    ...onBuckets('SeeBuckets', existingBuckets, ['s3:ListBucket', 's3:GetBucketLocation']),
    ...onBuckets('SeeState', stateBucket, ['s3:ListBucket', 's3:GetBucketLocation']),
    ...onObjects('ReadState', stateBucket, ['s3:GetObject']),
  ];
}

/**
 * What `pulumi up` makes, changes and removes. Each service's calls are allowed together, as they differ from version to version of
 * the provider; what they reach is narrowed by the names that the program gives. What has no such name is listed call by call, in
 * one region.
 */
export function deployStatements(farm: DeployedFarm): aws.iam.PolicyStatement[] {
  const { existingBuckets, stateBucket, region, zoneId } = farm;
  return [
    ...ownedStatements(farm),
    {
      ...allow('Unnamed', unnamedActions, '*'),
      Condition: { StringEquals: { 'aws:RequestedRegion': region } },
    },
    allow('UnnamedGlobal', unnamedGlobalActions, '*'),
    // EC2 looks up the AMI of GPU instances for whoever makes their launch template.
    allow('SeeImages', ['ssm:GetParameters'], 'arn:aws:ssm:*::parameter/aws/service/*'),
    ...seeProvider(farm.account),
    ...roleStatements(farm),
    ...onBuckets('UseBuckets', existingBuckets, [
      's3:ListBucket',
      's3:GetBucketLocation',
      's3:GetBucketNotification',
      's3:PutBucketNotification',
    ]),
    ...(zoneId === undefined ? [] : zoneStatements(zoneId)),
    ...onBuckets('SeeState', stateBucket, ['s3:ListBucket', 's3:GetBucketLocation']),
    ...onObjects('KeepState', stateBucket, ['s3:GetObject', 's3:PutObject', 's3:DeleteObject']),
  ];
}

/** The portal's name, and the proof of its certificate. */
function zoneStatements(zoneId: pulumi.Input<string>): aws.iam.PolicyStatement[] {
  return [
    allow(
      'KeepRecords',
      ['route53:GetHostedZone', 'route53:ListResourceRecordSets', 'route53:ChangeResourceRecordSets'],
      [pulumi.interpolate`arn:aws:route53:::hostedzone/${zoneId}`],
    ),
    // Changes have ids of their own.
    allow('SeeRecordChanges', ['route53:GetChange'], ['arn:aws:route53:::change/*']),
  ];
}

/** The account's OIDC provider for GitHub, which the program looks up. Listing has no resource to be narrowed to. */
function seeProvider(account: pulumi.Input<string>): aws.iam.PolicyStatement[] {
  const arn = pulumi.interpolate`arn:aws:iam::${account}:oidc-provider/${issuer}`;
  return [
    allow('SeeProviders', ['iam:ListOpenIDConnectProviders'], '*'),
    allow('SeeProvider', ['iam:GetOpenIDConnectProvider'], [arn]),
  ];
}

/** Everything that a service can do, with what carries a name of this farm. */
function ownedStatements({ farm, account, region, madeBuckets }: DeployedFarm): aws.iam.PolicyStatement[] {
  const here = (service: string, ...names: string[]) => names.map((name) => ({ service, name, at: region }));
  const global = (service: string, name: string) => ({ service, name, at: '' });
  const owned = [
    ...here('sqs', `${farm}-*`),
    ...here('sns', `${farm}-*`),
    ...here('lambda', `function:${farm}-*`),
    ...here('events', `rule/${farm}-*`),
    ...here('logs', `log-group:${farm}-*`),
    ...here('ssm', `parameter/${farmName(farm, '/')}/*`, `parameter/${farm}-*`),
    ...here('ecr', `repository/${farm}-*`),
    ...here(
      'ecs',
      ...['cluster', 'service', 'task', 'container-instance'].map((kind) => `${kind}/${farm}-*`),
    ),
    ...here('ecs', `capacity-provider/${farm}-*`, `task-definition/${farmName(farm)}-*`),
    // Load balancers and their target groups have a shorter name: infra/portal/service.ts.
    ...here(
      'elasticloadbalancing',
      `loadbalancer/app/${farm}-*`,
      `targetgroup/${farm}-*`,
      `listener/app/${farm}-*`,
    ),
    ...here('autoscaling', `autoScalingGroup:*:autoScalingGroupName/${farm}-*`),
    ...here('cloudwatch', `alarm:${farm}-*`, `alarm:TargetTracking-service/${farm}-*`),
    global('cloudwatch', `dashboard/${farmName(farm)}`),
    global('budgets', `budget/${farm}-*`),
  ];
  const services = [...new Set(owned.map(({ service }) => service))];
  return [
    ...services.map((service) =>
      allow(
        `Own${service[0]?.toUpperCase()}${service.slice(1)}`,
        [`${service}:*`],
        owned
          .filter((one) => one.service === service)
          .map(({ name, at }) => pulumi.interpolate`arn:aws:${service}:${at}:${account}:${name}`),
      ),
    ),
    allow(
      'OwnS3',
      ['s3:*'],
      [
        ...['source', 'output', 'reports'].map((use) => `arn:aws:s3:::${bucketPrefix(`${farm}-${use}`)}*`),
        ...madeBuckets.map((bucket) => pulumi.interpolate`arn:aws:s3:::${bucket}`),
      ],
    ),
  ];
}

/** The farm's roles, each within the boundary, and given to the services that run the farm alone. */
function roleStatements({ account, farm }: DeployedFarm): aws.iam.PolicyStatement[] {
  const iam = (...names: string[]) =>
    names.map((name) => pulumi.interpolate`arn:aws:iam::${account}:${name}`);
  const roles = iam(
    ...[
      'worker-task',
      'worker-execution',
      'worker-function',
      'waker',
      'reporter',
      'portal',
      'gpu-instance',
    ].map((kind) => `role/${farm}-${kind}-*`),
  );
  return [
    {
      ...allow(
        'BoundRoles',
        ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:PutRolePermissionsBoundary'],
        roles,
      ),
      Condition: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn } },
    },
    allow(
      'KeepRoles',
      [
        'iam:DeleteRole',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ],
      roles,
    ),
    {
      ...allow('PassRoles', ['iam:PassRole'], roles),
      Condition: {
        StringEquals: {
          'iam:PassedToService': ['ecs-tasks.amazonaws.com', 'ec2.amazonaws.com', 'lambda.amazonaws.com'],
        },
      },
    },
    allow(
      'SeeRoles',
      [
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListInstanceProfilesForRole',
        'iam:ListRolePolicies',
      ],
      [...roles, ...iam(`role/${farm}-github-*`)],
    ),
    allow(
      'KeepInstanceProfile',
      [
        'iam:AddRoleToInstanceProfile',
        'iam:CreateInstanceProfile',
        'iam:DeleteInstanceProfile',
        'iam:GetInstanceProfile',
        'iam:RemoveRoleFromInstanceProfile',
        'iam:TagInstanceProfile',
        'iam:UntagInstanceProfile',
      ],
      iam(`instance-profile/${farm}-gpu-*`),
    ),
    {
      // AWS's own roles for its services, made at their first use in an account.
      ...allow('UseServices', ['iam:CreateServiceLinkedRole'], iam('role/aws-service-role/*')),
      Condition: {
        StringEquals: {
          'iam:AWSServiceName': [
            'autoscaling.amazonaws.com',
            'ecs.amazonaws.com',
            'ecs.application-autoscaling.amazonaws.com',
            'elasticloadbalancing.amazonaws.com',
            'spot.amazonaws.com',
          ],
        },
      },
    },
  ];
}

function onBuckets(
  Sid: string,
  buckets: pulumi.Input<string> | pulumi.Input<string>[] | undefined,
  actions: string[],
) {
  const names = [buckets ?? []].flat();
  if (names.length === 0) return [];
  return [
    allow(
      Sid,
      actions,
      names.map((name) => pulumi.interpolate`arn:aws:s3:::${name}`),
    ),
  ];
}

function onObjects(Sid: string, bucket: string | undefined, actions: string[]) {
  return bucket === undefined ? [] : [allow(Sid, actions, [`arn:aws:s3:::${bucket}/*`])];
}
