import { beforeAll, describe, expect, it } from 'vitest';
import type { Registered } from '../../../tools/program-run/registered.ts';
import { buildCompute } from '../../helpers/program/compute.ts';
import { record } from '../../helpers/program/pulumi.ts';

type Made = Awaited<ReturnType<typeof build>>;
const build = (gpu = {}) => record(() => buildCompute('gpu', { gpu }));

const types = {
  template: 'aws:ec2/launchTemplate:LaunchTemplate',
  group: 'aws:autoscaling/group:Group',
  provider: 'aws:ecs/capacityProvider:CapacityProvider',
  association: 'aws:ecs/clusterCapacityProviders:ClusterCapacityProviders',
  service: 'aws:ecs/service:Service',
  cluster: 'aws:ecs/cluster:Cluster',
} as const;

let made: Made;
const get = (kind: keyof typeof types): Registered => made.resource(types[kind]);

beforeAll(async () => {
  made = await build({ tags: { team: 'video' } });
});

describe('the launch template', () => {
  it('takes the newest GPU image at each launch', () => {
    expect(get('template').inputs.imageId).toBe(
      'resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id',
    );
  });

  it('keeps containers from the role of the instance', () => {
    expect(get('template').inputs.metadataOptions).toEqual({
      httpEndpoint: 'enabled',
      httpTokens: 'required',
      httpPutResponseHopLimit: 1,
    });
  });

  it('encrypts the volume', () => {
    expect(get('template').inputs.blockDeviceMappings).toEqual([
      {
        deviceName: '/dev/xvda',
        ebs: { volumeType: 'gp3', volumeSize: 50, encrypted: 'true', deleteOnTermination: 'true' },
      },
    ]);
  });

  it('joins the cluster that the program makes', () => {
    const text = Buffer.from(String(get('template').inputs.userData), 'base64').toString();
    expect(text).toContain('ECS_CLUSTER=farm-gpu-0a1b2c3\n');
  });

  it('names and tags instances and volumes, as default tags do not reach them', () => {
    const tags = { Name: 'transcode-farm-test-farm-gpu', team: 'video' };
    expect(get('template').inputs.tagSpecifications).toEqual([
      { resourceType: 'instance', tags },
      { resourceType: 'volume', tags },
    ]);
  });
});

describe('the group', () => {
  it('has none to the most instances, of several types and zones', () => {
    const { minSize, maxSize, vpcZoneIdentifiers, mixedInstancesPolicy } = get('group').inputs;
    expect({ minSize, maxSize, vpcZoneIdentifiers }).toEqual({
      minSize: 0,
      maxSize: 3,
      vpcZoneIdentifiers: ['subnet-1', 'subnet-2'],
    });
    expect(mixedInstancesPolicy).toMatchObject({
      launchTemplate: { overrides: [{ instanceType: 'g4dn.xlarge' }, { instanceType: 'g5.xlarge' }] },
    });
  });

  it.each([
    [{}, { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 0 }],
    [{ onDemandBase: 1 }, { onDemandBaseCapacity: 1, onDemandPercentageAboveBaseCapacity: 0 }],
    [{ spot: false }, { onDemandBaseCapacity: 0, onDemandPercentageAboveBaseCapacity: 100 }],
  ])('mixes on demand and Spot as asked: %j', async (args, distribution) => {
    const { inputs } = (await build(args)).resource(types.group);
    expect(inputs.mixedInstancesPolicy).toMatchObject({
      instancesDistribution: { ...distribution, spotAllocationStrategy: 'price-capacity-optimized' },
    });
  });

  it('leaves its size to ECS and the waker', () => {
    expect(get('group').inputs.desiredCapacity).toBeUndefined();
    expect(get('group').ignoreChanges).toEqual(['desiredCapacity']);
  });

  it('does not replace instances behind the back of ECS', () => {
    expect(get('group').inputs.capacityRebalance).toBe(false);
  });

  it('keeps the tag that ECS needs', () => {
    expect(get('group').inputs.tags).toContainEqual({
      key: 'AmazonECSManaged',
      value: 'true',
      propagateAtLaunch: true,
    });
  });
});

describe('the warm pool', () => {
  const hook = 'aws:autoscaling/lifecycleHook:LifecycleHook';
  const userData = ({ resource }: Made) =>
    Buffer.from(String(resource(types.template).inputs.userData), 'base64').toString();

  it('is not there unless it is asked for', () => {
    expect(get('group').inputs.warmPool).toBeUndefined();
    expect(made.resourcesOf(hook)).toEqual([]);
    expect(userData(made)).not.toContain('ECS_WARM_POOLS_CHECK');
  });

  it('holds stopped instances, running ones counted, and takes none back, as ECS demands', async () => {
    const warm = await build({ onDemandBase: 2, warmInstances: 2 });
    expect(warm.resource(types.group).inputs.warmPool).toEqual({
      poolState: 'Stopped',
      minSize: 0,
      maxGroupPreparedCapacity: 2,
    });
    expect(userData(warm)).toContain('\nECS_WARM_POOLS_CHECK=true\n');
  });

  it('gives an instance time for its first boot before it is stopped', async () => {
    const warm = await build({ onDemandBase: 1, warmInstances: 1 });
    const { inputs } = warm.resource(hook);
    expect(inputs).toMatchObject({
      lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      heartbeatTimeout: 120,
      defaultResult: 'CONTINUE',
    });
    expect(inputs.autoscalingGroupName).toBe(warm.resource(types.group).outputs.name);
  });

  it('does not hold up the removal of the group', () => {
    expect(get('group').inputs.forceDeleteWarmPool).toBe(true);
  });
});

describe('the capacity provider', () => {
  it('orders instances one by one, so that one job never starts two', () => {
    expect(get('provider').inputs.autoScalingGroupProvider).toMatchObject({
      managedScaling: {
        status: 'ENABLED',
        targetCapacity: 100,
        minimumScalingStepSize: 1,
        maximumScalingStepSize: 1,
        instanceWarmupPeriod: 180,
      },
    });
  });

  it('protects instances with tasks: termination protection, for which the group protects new ones, and draining', () => {
    expect(get('provider').inputs.autoScalingGroupProvider).toMatchObject({
      managedTerminationProtection: 'ENABLED',
      managedDraining: 'ENABLED',
    });
    expect(get('group').inputs.protectFromScaleIn).toBe(true);
  });

  it('has a name that ECS does not keep for itself', () => {
    expect(get('provider').name).not.toMatch(/^(aws|ecs|fargate)/);
  });
});

describe('removal', () => {
  it.each([
    ['service', 'association'],
    ['association', 'provider'],
    ['provider', 'group'],
    ['group', 'template'],
    ['group', 'cluster'],
  ] as const)('takes the %s away before the %s', (first, then) => {
    expect(made.dependsOn(get(first), get(then))).toBe(true);
  });

  it('terminates instances that still run, and waits for them', () => {
    expect(get('group').inputs.forceDelete).toBe(true);
    expect(get('group').customTimeouts.delete).toBe('30m');
    expect(get('service').inputs.forceDelete).toBe(true);
    expect(get('service').customTimeouts.delete).toBe('30m');
  });

  it('keeps the rights of instances and tasks until they are gone', () => {
    const policy = (name: string) => made.resource('aws:iam/rolePolicy:RolePolicy', name);
    expect(made.dependsOn(get('group'), policy('farm-gpu-instance'))).toBe(true);
    expect(made.dependsOn(get('service'), policy('farm-worker-task'))).toBe(true);
    expect(made.dependsOn(get('service'), policy('farm-worker-execution'))).toBe(true);
  });
});
