import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmName } from '../names.ts';
import { orList } from '../text.ts';
import type { Capacity } from './capacity.ts';
import { fitTask, maxGpus } from './instance-types.ts';
import { createRole, instanceStatements } from './roles.ts';
import { buildUserData } from './user-data.ts';
import { createPreparation, warmPool } from './warm-pool.ts';

export interface GpuCapacityArgs {
  clusterName: pulumi.Input<string>;
  clusterArn: pulumi.Input<string>;
  subnetIds: pulumi.Input<string[]>;
  /** The zone of each subnet, in their order; undefined where they are not known. */
  zones?: Promise<string[]>;
  securityGroupId: pulumi.Input<string>;
  /** GPU instance types (`instance-types.ts`), the preferred first. More types find Spot capacity sooner. */
  instanceTypes: readonly string[];
  /** Instances on demand before Spot is used. @default 0 */
  onDemandBase?: number;
  /** Spot above the base; false: everything on demand. @default true */
  spot?: boolean;
  /** Most instances at once; the account's quota of vCPUs for G types limits it too, silently. */
  maxInstances: number;
  /**
   * Stopped instances that stand ready: this many, less those that run. At most `onDemandBase`, or `maxInstances` without Spot. They are in the
   * cluster some 50 s sooner than new ones (simulated, docs/scaling.md), and cost their root volume.
   * @default 0
   */
  warmInstances?: number;
  /** CPU units of a task. @default all of the smallest type */
  taskCpu?: number;
  /** MiB of a task. @default seven eighths of the smallest type */
  taskMemoryMib?: number;
  /** GiB of the root volume: system and image; scratch is on the instance store. @default 50 */
  rootVolumeGib?: number;
  /** Tags of instances and volumes: the provider's default tags do not reach them. */
  tags?: Readonly<Record<string, string>>;
}

/**
 * GPU instances that come when a task waits for one, and go when none is left.
 *
 * A launch template, an Auto Scaling group of 0 to `maxInstances` mixed instances and an ECS capacity provider with managed scaling,
 * termination protection and draining. With `warmInstances` a warm pool, and a lifecycle hook that gives its instances time for
 * their first boot.
 *
 * Cost: nothing while idle. A g4dn.xlarge in us-east-1 is $0.526 an hour on demand, about $0.16 on Spot; its volume of 50 GiB
 * 50 x $0.08 / 730 = $0.005, its public address $0.005. A stopped one costs its volume, 50 x $0.08 = $4 a month.
 */
export class GpuCapacity extends pulumi.ComponentResource {
  readonly capacity: Capacity;

  constructor(name: string, args: GpuCapacityArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:compute:GpuCapacity', name, {}, opts);
    const task = fitTask(args.instanceTypes, { cpuUnits: args.taskCpu, memoryMib: args.taskMemoryMib });
    const template = createLaunchTemplate(this, name, args);
    const group = createGroup(this, name, { ...args, subnetIds: usableSubnets(this, args) }, template);
    if (args.warmInstances) createPreparation(this, name, group.name);
    const provider = createProvider(this, name, group);
    const association = new aws.ecs.ClusterCapacityProviders(
      name,
      { clusterName: args.clusterName, capacityProviders: [provider.name] },
      { parent: this },
    );
    this.capacity = {
      launchType: 'EC2',
      strategies: [{ capacityProvider: provider.name, weight: 1 }],
      association,
      group: { name: group.name, arn: group.arn, tasksPerInstance: maxGpus(args.instanceTypes) },
      task: { ...task, gpus: 1 },
    };
    this.registerOutputs({ groupName: group.name, providerName: provider.name, task: this.capacity.task });
  }
}

/** Auto Scaling resolves it at every launch: a new AMI does not change the program, and no instance starts from an old one. */
const newestGpuImage =
  'resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id';

function createLaunchTemplate(parent: GpuCapacity, name: string, args: GpuCapacityArgs) {
  const { role, policy } = createRole(parent, `${name}-instance`, {
    service: 'ec2.amazonaws.com',
    description: 'Instances of the transcoding farm: the ECS agent',
    statements: instanceStatements(args.clusterArn),
  });
  // An instance that starts before its role may do anything never joins the cluster.
  const profile = new aws.iam.InstanceProfile(name, { role: role.name }, { parent, dependsOn: policy });
  const tags = namedTags(name, args);
  return new aws.ec2.LaunchTemplate(
    name,
    {
      imageId: newestGpuImage,
      iamInstanceProfile: { arn: profile.arn },
      vpcSecurityGroupIds: [args.securityGroupId],
      // One hop: containers on the bridge network can't reach the instance's role; their own comes from the ECS agent.
      metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: {
            volumeType: 'gp3',
            volumeSize: args.rootVolumeGib ?? 50,
            encrypted: 'true',
            deleteOnTermination: 'true',
          },
        },
      ],
      // Names the cluster by its output, so that the group is removed before it: a cluster with instances can't be.
      userData: pulumi
        .output(args.clusterName)
        .apply((clusterName) =>
          base64(buildUserData({ clusterName, warmPool: Boolean(args.warmInstances) })),
        ),
      tagSpecifications: ['instance', 'volume'].map((resourceType) => ({ resourceType, tags })),
      updateDefaultVersion: true,
    },
    { parent },
  );
}

function createGroup(
  parent: GpuCapacity,
  name: string,
  args: GpuCapacityArgs,
  template: aws.ec2.LaunchTemplate,
) {
  const { onDemandBase = 0, spot = true, maxInstances, warmInstances = 0, instanceTypes, subnetIds } = args;
  return new aws.autoscaling.Group(
    name,
    {
      minSize: 0,
      maxSize: maxInstances,
      vpcZoneIdentifiers: subnetIds,
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandBaseCapacity: onDemandBase,
          onDemandPercentageAboveBaseCapacity: spot ? 0 : 100,
          onDemandAllocationStrategy: 'prioritized',
          spotAllocationStrategy: 'price-capacity-optimized',
        },
        launchTemplate: {
          launchTemplateSpecification: {
            launchTemplateId: template.id,
            version: template.latestVersion.apply(String),
          },
          overrides: instanceTypes.map((instanceType) => ({ instanceType })),
        },
      },
      // Asked for by managed termination protection: ECS lifts it from instances without tasks.
      protectFromScaleIn: true,
      // ECS hears nothing of instances that Auto Scaling replaces ahead of a Spot notice: their tasks would just be gone.
      capacityRebalance: false,
      // Free, and the dashboard and the idle alarm read them.
      metricsGranularity: '1Minute',
      enabledMetrics: ['GroupDesiredCapacity', 'GroupInServiceInstances', 'GroupPendingInstances'],
      // The waker ends single instances. Auto Scaling would even out the zones after it, and start or end others.
      suspendedProcesses: ['AZRebalance'],
      waitForCapacityTimeout: '0',
      ...(warmInstances > 0 && { warmPool: warmPool(warmInstances) }),
      // Terminates what still runs or stands ready when the farm is removed, protected or not.
      forceDelete: true,
      forceDeleteWarmPool: true,
      tags: [
        // ECS puts it there itself and needs it; left out here, every update would take it away.
        { key: 'AmazonECSManaged', value: 'true', propagateAtLaunch: true },
        ...Object.entries(namedTags(name, args)).map(([key, value]) => ({
          key,
          value,
          // The launch template tags the instances already.
          propagateAtLaunch: false,
        })),
      ],
    },
    { parent, ignoreChanges: ['desiredCapacity'], customTimeouts: { delete: '30m' } },
  );
}

/**
 * The subnets in whose zone EC2 offers one of the instance types: few types are in every zone.
 * @throws RunError where no zone of the farm has any
 */
function usableSubnets(parent: GpuCapacity, args: GpuCapacityArgs): pulumi.Output<string[]> {
  const { zones, instanceTypes } = args;
  if (zones === undefined) return pulumi.output(args.subnetIds);
  const offered = aws.ec2.getInstanceTypeOfferingsOutput(
    {
      locationType: 'availability-zone',
      filters: [{ name: 'instance-type', values: [...instanceTypes] }],
    },
    { parent },
  );
  return pulumi.all([args.subnetIds, zones, offered.locations]).apply(([subnetIds, names, locations]) => {
    const usable = subnetIds.filter((_, index) => locations.includes(names[index] ?? ''));
    if (usable.length > 0) return usable;
    throw new pulumi.RunError(
      `EC2 offers ${orList(instanceTypes)} in ${orList(locations) || 'no zone of this region'}, and the farm's network is in ${names.join(', ')}. Set other instanceTypes, or vpcId and subnetIds with subnets in the zones that have them.`,
    );
  });
}

function createProvider(parent: GpuCapacity, name: string, group: aws.autoscaling.Group) {
  return new aws.ecs.CapacityProvider(
    name,
    {
      autoScalingGroupProvider: {
        autoScalingGroupArn: group.arn,
        managedTerminationProtection: 'ENABLED',
        managedDraining: 'ENABLED',
        managedScaling: {
          status: 'ENABLED',
          targetCapacity: 100,
          minimumScalingStepSize: 1,
          // With no instance at all the reservation always reads 200 %, so ECS would start two for one task
          // (https://github.com/aws/containers-roadmap/issues/1716). In steps of one it can't; and the next step waits until
          // the instance has warmed up, when the reservation is a true one.
          maximumScalingStepSize: 1,
          // "Large enough for the instance to launch and start the agent" (ECS developer guide, managed scale-out): GPU
          // instances take 80 to 120 s. The default of 300 would hold back the second and third instance for longer.
          instanceWarmupPeriod: 180,
        },
      },
    },
    { parent },
  );
}

/** The console lists instances by their tag Name. */
function namedTags(name: string, { tags }: GpuCapacityArgs): Record<string, string> {
  return { Name: farmName(name), ...tags };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
