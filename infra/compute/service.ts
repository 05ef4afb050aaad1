import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { farmName } from '../names.ts';
import type { Capacity } from './capacity.ts';
import { buildContainer, scratchVolume } from './container.ts';
import { createRole, executionStatements, protectionStatement } from './roles.ts';
import type { WorkerSecret } from './secrets.ts';
import { scratchDirectory } from './user-data.ts';
import { type Architecture, logGroupOf } from './worker-function.ts';

export interface WorkerServiceArgs {
  clusterArn: pulumi.Input<string>;
  /**
   * Names the service and its task definition: ECS can't move a service from one kind to the other, so a switch makes new ones
   * beside the old, which go afterwards.
   */
  kind: 'fargate' | 'gpu';
  capacity: Capacity;
  /** Of the machines. @default x86_64 */
  architecture?: Architecture;
  subnetIds: pulumi.Input<string[]>;
  securityGroupId: pulumi.Input<string>;
  /** Public addresses for Fargate tasks: the way out of public subnets without NAT. */
  assignPublicIp: boolean;
  /** The worker's image, by digest. */
  image: pulumi.Input<string>;
  /** ECR repository of other images, which a rollback may start again. */
  builtImagesArn?: pulumi.Input<string>;
  /** Plain settings of the worker; the service adds `WORK_DIR`, and `ENCODER` unless it is given. */
  environment: Partial<Record<keyof WorkerEnvironment, pulumi.Input<string>>>;
  secrets?: WorkerSecret[];
  /** What the worker may do with queue, source and output. */
  taskStatements: pulumi.Input<aws.iam.PolicyStatement>[];
  /** Tasks at the start; later scaling decides. */
  minTasks: number;
  /** GiB of scratch of a Fargate task: 21 to 200, the first 20 free. @default 50 */
  scratchGib?: number;
  /** Days that logs are kept. @default 30 */
  logRetentionDays?: number;
}

/**
 * The workers: one ECS service whose tasks each take jobs from the queue.
 *
 * A task definition (not root, read-only but for its scratch space, secrets by reference), the service, its log group, and two roles: one for
 * what ECS does to start a task, one for what the worker does.
 *
 * Cost: nothing while idle; a log line is about 200 bytes, and a GB of them $0.50 to write and $0.03 a month to keep.
 */
export class WorkerService extends pulumi.ComponentResource {
  readonly serviceName: pulumi.Output<string>;
  readonly serviceArn: pulumi.Output<string>;
  readonly taskRoleName: pulumi.Output<string>;
  readonly taskRoleArn: pulumi.Output<string>;
  readonly taskDefinitionArn: pulumi.Output<string>;
  readonly logGroupName: pulumi.Output<string>;

  constructor(name: string, args: WorkerServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:compute:WorkerService', name, {}, opts);
    const logGroup = new aws.cloudwatch.LogGroup(
      name,
      { retentionInDays: args.logRetentionDays ?? 30 },
      { parent: this, aliases: [logGroupOf('transcode-farm:compute:WorkerFunction', name, opts)] },
    );
    const task = createRole(this, `${name}-task`, {
      service: 'ecs-tasks.amazonaws.com',
      description: 'The transcoding worker: queue, films, protection of its own task',
      statements: args.taskStatements,
    });
    // Of its own, by kind: a switch of the compute must not take it from the workers of the old cluster.
    const protection = new aws.iam.RolePolicy(
      `${name}-task-${args.kind}`,
      {
        role: task.role.name,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [protectionStatement(args.clusterArn)],
        }),
      },
      { parent: this },
    );
    const execution = createRole(this, `${name}-execution`, {
      service: 'ecs-tasks.amazonaws.com',
      description: 'ECS, to start a worker: image, secrets, log',
      statements: pulumi
        .all([
          args.image,
          logGroup.arn,
          (args.secrets ?? []).map(({ parameterArn }) => parameterArn),
          args.builtImagesArn,
        ])
        .apply(([image, logGroupArn, parameterArns, builtImagesArn]) =>
          executionStatements({ image, logGroupArn, parameterArns, builtImagesArn }),
        ),
    });
    const kindName = `${name}-${args.kind}`;
    const definition = createDefinition(this, kindName, args, {
      logGroupName: logGroup.name,
      taskRoleArn: task.role.arn,
      executionRoleArn: execution.role.arn,
    });
    // Made after and removed before: capacity, or its tasks have nowhere to go; policies, or a stopping worker can't give back its job.
    const dependsOn = [args.capacity.association, task.policy, protection, execution.policy];
    const service = createService(this, kindName, args, definition, dependsOn);

    this.serviceName = service.name;
    this.serviceArn = service.id;
    this.taskRoleName = task.role.name;
    this.taskRoleArn = task.role.arn;
    this.taskDefinitionArn = definition.arn;
    this.logGroupName = logGroup.name;
    this.registerOutputs({
      serviceName: this.serviceName,
      serviceArn: this.serviceArn,
      taskRoleName: this.taskRoleName,
      taskRoleArn: this.taskRoleArn,
      taskDefinitionArn: this.taskDefinitionArn,
      logGroupName: this.logGroupName,
    });
  }
}

interface DefinitionParts {
  logGroupName: pulumi.Output<string>;
  taskRoleArn: pulumi.Output<string>;
  executionRoleArn: pulumi.Output<string>;
}

function createDefinition(
  parent: WorkerService,
  name: string,
  args: WorkerServiceArgs,
  { logGroupName, taskRoleArn, executionRoleArn }: DefinitionParts,
) {
  const { capacity, image, environment, secrets = [], scratchGib = 50 } = args;
  const isFargate = capacity.launchType === 'FARGATE';
  const container = pulumi
    .all([image, environment, secrets, logGroupName, aws.getRegionOutput({}, { parent }).region])
    .apply(([image, environment, secrets, logGroupName, region]) =>
      buildContainer({ image, environment, secrets, task: capacity.task, logGroupName, region }),
    );
  return new aws.ecs.TaskDefinition(
    name,
    {
      // Families are the account's, not the stack's.
      family: farmName(name),
      // A rollback starts tasks of the revision before, which must be active for that. Revisions cost nothing.
      skipDestroy: true,
      requiresCompatibilities: [capacity.launchType],
      // On instances the bridge is up at once; a network interface for each task takes seconds more.
      networkMode: isFargate ? 'awsvpc' : 'bridge',
      cpu: String(capacity.task.cpuUnits),
      memory: String(capacity.task.memoryMib),
      runtimePlatform: {
        cpuArchitecture: args.architecture === 'arm64' ? 'ARM64' : 'X86_64',
        operatingSystemFamily: 'LINUX',
      },
      taskRoleArn,
      executionRoleArn,
      ...(isFargate && { ephemeralStorage: { sizeInGib: scratchGib } }),
      // On Fargate an empty volume with the owner that the image gives the directory; on instances the one that user data made.
      volumes: [{ name: scratchVolume, ...(!isFargate && { hostPath: scratchDirectory }) }],
      containerDefinitions: pulumi.jsonStringify([container]),
    },
    { parent },
  );
}

function createService(
  parent: WorkerService,
  name: string,
  args: WorkerServiceArgs,
  definition: aws.ecs.TaskDefinition,
  dependsOn: pulumi.Resource[],
) {
  const { capacity } = args;
  const isFargate = capacity.launchType === 'FARGATE';
  return new aws.ecs.Service(
    name,
    {
      cluster: args.clusterArn,
      taskDefinition: definition.arn,
      desiredCount: args.minTasks,
      capacityProviderStrategies: capacity.strategies,
      // A changed strategy is refused without it.
      forceNewDeployment: true,
      ...(isFargate
        ? {
            networkConfiguration: {
              subnets: args.subnetIds,
              securityGroups: [args.securityGroupId],
              assignPublicIp: args.assignPublicIp,
            },
            deploymentMinimumHealthyPercent: 100,
            deploymentMaximumPercent: 200,
          }
        : {
            // More than 100 % would start a second GPU instance for each worker, only for the deployment.
            deploymentMinimumHealthyPercent: 0,
            deploymentMaximumPercent: 100,
            // Fills instances with several GPUs, so that others fall empty and can go.
            orderedPlacementStrategies: [{ type: 'binpack', field: 'memory' }],
          }),
      deploymentCircuitBreaker: { enable: true, rollback: true },
      // Rebalancing stops a worker in one zone to start it in another, in the middle of its job.
      availabilityZoneRebalancing: 'DISABLED',
      propagateTags: 'SERVICE',
      enableEcsManagedTags: true,
      waitForSteadyState: false,
      // Goes with tasks still running; what they had returns to the queue.
      forceDelete: true,
    },
    { parent, dependsOn, ignoreChanges: ['desiredCount'], customTimeouts: { delete: '30m' } },
  );
}
