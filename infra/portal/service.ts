import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { Cluster } from '../compute/cluster.ts';
import { createRole, executionStatements } from '../compute/roles.ts';
import { logGroupOf } from '../compute/worker-function.ts';
import type { PortalNames } from '../monitoring/metrics.ts';
import { farmName } from '../names.ts';
import { trackService } from '../scaling/track-service.ts';
import { type PortalArgs, type PortalHost, type PortalPlace, portalVariables } from './args.ts';
import { buildPortalContainer, portalContainer } from './container.ts';
import { PortalImage } from './image.ts';
import { LoadBalancer, type PortalEntry } from './load-balancer.ts';
import { portalStatements } from './rights.ts';

export interface PortalServiceArgs extends PortalArgs, PortalPlace {
  entry: PortalEntry;
  /** Public subnets for the load balancer. @default those of the tasks */
  publicSubnetIds?: pulumi.Input<string[]>;
  /** For what AWS gives 32 characters alone. */
  shortName: string;
}

/** As much as a function of the portal has, and what 200 people who follow their films need (not timed on AWS). */
const taskSize = { cpu: '512', memory: '1024' };
const tasks = { min: 1, max: 10 };
const cpuPercent = 70;
const cooldownSeconds = 300;

/** Seconds from the start of a task in which a failed check does not count. */
const startSeconds = 30;

/**
 * The farm in a browser: tasks on Fargate behind a load balancer, 1 to 10 by their CPU. For those who want a domain of their
 * own, or may have no public functions.
 *
 * A cluster of its own: a switch of the workers' compute makes another cluster for them, and must not end the portal.
 *
 * Cost: about $50 a month at rest: the load balancer, and one task of 0.5 vCPU and 1 GB with a public address.
 */
export class PortalService extends pulumi.ComponentResource implements PortalHost {
  readonly url: pulumi.Output<string>;
  readonly target: pulumi.Output<string>;
  readonly names: PortalNames;

  constructor(name: string, args: PortalServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:portal:PortalService', name, {}, opts);
    const own = { parent: this };
    const taskGroupId = createTaskGroup(this, name, args.vpcId);
    const balancer = new LoadBalancer(
      args.shortName,
      {
        entry: args.entry,
        vpcId: args.vpcId,
        subnetIds: args.publicSubnetIds ?? args.subnetIds,
        port: portalContainer.port,
        taskGroupId,
      },
      own,
    );
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { retentionInDays: args.logRetentionDays },
      { ...own, aliases: [logGroupOf('transcode-farm:portal:PortalFunction', name, opts)] },
    );
    const definition = createDefinition(this, name, args, { origin: balancer.origin, logGroup });
    const cluster = new Cluster(name, { containerInsights: args.containerInsights }, own);
    const service = new aws.ecs.Service(
      name,
      {
        cluster: cluster.clusterArn,
        taskDefinition: definition.definition.arn,
        launchType: 'FARGATE',
        desiredCount: tasks.min,
        networkConfiguration: {
          subnets: args.subnetIds,
          securityGroups: [taskGroupId],
          assignPublicIp: args.assignPublicIp,
        },
        loadBalancers: [
          {
            targetGroupArn: balancer.targetGroup.arn,
            containerName: portalContainer.name,
            containerPort: portalContainer.port,
          },
        ],
        healthCheckGracePeriodSeconds: startSeconds,
        // New tasks are healthy before old ones go; a version that does not start is taken back.
        deploymentMinimumHealthyPercent: 100,
        deploymentMaximumPercent: 200,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        availabilityZoneRebalancing: 'ENABLED',
        propagateTags: 'SERVICE',
        enableEcsManagedTags: true,
        waitForSteadyState: false,
        forceDelete: true,
      },
      {
        ...own,
        dependsOn: [balancer.listener, ...definition.policies],
        ignoreChanges: ['desiredCount'],
      },
    );
    trackService(this, name, {
      clusterName: cluster.clusterName,
      serviceName: service.name,
      minTasks: tasks.min,
      maxTasks: tasks.max,
      tracking: {
        targetValue: cpuPercent,
        scaleOutCooldown: cooldownSeconds,
        scaleInCooldown: cooldownSeconds,
        predefinedMetricSpecification: { predefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      },
    });
    this.url = pulumi.interpolate`${balancer.origin}/`;
    this.target = balancer.dnsName;
    this.names = { loadBalancer: balancer.arnSuffix, targetGroup: balancer.targetGroup.arnSuffix };
    this.registerOutputs({ url: this.url, target: this.target });
  }
}

/** In from the load balancer alone, by a rule of its; out to AWS, storage and whoever signs people in. */
function createTaskGroup(
  parent: PortalService,
  name: string,
  vpcId: pulumi.Input<string>,
): pulumi.Output<string> {
  const group = new aws.ec2.SecurityGroup(
    name,
    {
      vpcId,
      description: 'Tasks of the portal: the load balancer in, HTTPS out',
      revokeRulesOnDelete: true,
    },
    { parent },
  );
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-out`,
    {
      securityGroupId: group.id,
      description: 'AWS, object storage, OpenID provider',
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
      cidrIpv4: '0.0.0.0/0',
    },
    { parent },
  );
  return group.id;
}

function createDefinition(
  parent: PortalService,
  name: string,
  args: PortalServiceArgs,
  { origin, logGroup }: { origin: pulumi.Output<string>; logGroup: aws.cloudwatch.LogGroup },
): { definition: aws.ecs.TaskDefinition; policies: pulumi.Resource[] } {
  const { farm, region, secrets } = args;
  const image = new PortalImage(name, { parent }).uri;
  const task = createRole(parent, `${name}-task`, {
    service: 'ecs-tasks.amazonaws.com',
    description: 'The portal: signs links to the buckets, sends jobs, shows states and queues',
    statements: portalStatements(farm),
  });
  const execution = createRole(parent, `${name}-execution`, {
    service: 'ecs-tasks.amazonaws.com',
    description: 'ECS, to start a task of the portal: image, secrets, log',
    statements: pulumi
      .all([image, logGroup.arn, secrets.map(({ parameterArn }) => parameterArn)])
      .apply(([image, logGroupArn, parameterArns]) =>
        executionStatements({ image, logGroupArn, parameterArns }),
      ),
  });
  const container = pulumi
    .all([image, portalVariables(args), origin, secrets, logGroup.name, region])
    .apply(([image, variables, origin, secrets, logGroupName, region]) =>
      buildPortalContainer({
        image,
        environment: { ...variables, PORTAL_ORIGIN: origin },
        secrets,
        logGroupName,
        region,
      }),
    );
  const definition = new aws.ecs.TaskDefinition(
    name,
    {
      // Families are the account's, not the stack's.
      family: farmName(name),
      // A rollback starts tasks of the revision before, which must be active for that. Revisions cost nothing.
      skipDestroy: true,
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      ...taskSize,
      runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
      taskRoleArn: task.role.arn,
      executionRoleArn: execution.role.arn,
      containerDefinitions: pulumi.jsonStringify([container]),
    },
    { parent },
  );
  return { definition, policies: [task.policy, execution.policy] };
}
