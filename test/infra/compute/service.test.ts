import { describe, expect, it } from 'vitest';
import { buildCompute, type ComputeOptions, image } from '../../helpers/program/compute.ts';
import { statementsOf } from '../../helpers/program/policies.ts';
import { record } from '../../helpers/program/pulumi.ts';

const make = (kind: 'gpu' | 'fargate', options?: ComputeOptions) => record(() => buildCompute(kind, options));
type Made = Awaited<ReturnType<typeof make>>;

const plain = new Map<string, Promise<Made>>();

/** The plain ones are made once. */
function build(kind: 'gpu' | 'fargate', options?: ComputeOptions): Promise<Made> {
  if (options) return make(kind, options);
  const made = plain.get(kind) ?? make(kind);
  plain.set(kind, made);
  return made;
}

/** What roles may do, as `role: action resource`. */
function rightsOf(made: Made): string[] {
  return statementsOf(made)
    .filter(({ at }) => at.startsWith('aws:iam/rolePolicy:RolePolicy'))
    .flatMap(({ at, actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => `${at.split(' ')[1]}: ${action} ${resource}`)),
    );
}

const definitionOf = (made: Made) => made.resource('aws:ecs/taskDefinition:TaskDefinition').inputs;
const serviceOf = (made: Made) => made.resource('aws:ecs/service:Service');
function containerOf(made: Made) {
  const [container] = JSON.parse(String(definitionOf(made).containerDefinitions));
  return container;
}

const secrets = {
  secrets: [
    {
      name: 'SOURCE_SECRET_ACCESS_KEY',
      parameterArn: 'arn:aws:ssm:us-east-1:123456789012:parameter/a',
      version: 2,
    },
    {
      name: 'OUTPUT_SECRET_ACCESS_KEY',
      parameterArn: 'arn:aws:ssm:us-east-1:123456789012:parameter/b',
      version: 5,
    },
    { name: 'WORKERS_PER_FILM', parameterArn: 'arn:aws:ssm:us-east-1:123456789012:parameter/c' },
  ],
} satisfies ComputeOptions['service'];

describe('the container', () => {
  it.each(['gpu', 'fargate'] as const)(
    'is not root, and writes to its scratch space alone: %s',
    async (kind) => {
      expect(containerOf(await build(kind))).toMatchObject({
        user: '1000:1000',
        readonlyRootFilesystem: true,
        privileged: false,
        linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
        mountPoints: [{ sourceVolume: 'scratch', containerPath: '/scratch', readOnly: false }],
        stopTimeout: 120,
        healthCheck: {
          command: ['CMD', 'sh', '/app/worker/healthcheck.sh'],
          interval: 30,
          timeout: 5,
          retries: 3,
          startPeriod: 60,
        },
      });
    },
  );

  it('has a GPU and its video driver on instances', async () => {
    const container = containerOf(await build('gpu'));
    expect(container.resourceRequirements).toEqual([{ type: 'GPU', value: '1' }]);
    expect(container.environment).toContainEqual({ name: 'ENCODER', value: 'nvenc' });
    expect(container.environment).toContainEqual({
      name: 'NVIDIA_DRIVER_CAPABILITIES',
      value: 'compute,video,utility',
    });
  });

  it('encodes on the CPU on Fargate', async () => {
    const container = containerOf(await build('fargate'));
    expect(container.resourceRequirements).toBeUndefined();
    expect(container.environment).toContainEqual({ name: 'ENCODER', value: 'x264' });
  });

  it('gets its settings sorted, so that their order is no new revision', async () => {
    const names = async (environment: Record<string, string>) => {
      const { environment: given } = containerOf(await build('fargate', { service: { environment } }));
      return given.map(({ name }: { name: string }) => name);
    };
    const one = await names({ QUEUE_URL: 'https://q', LADDER: 'standard' });
    expect(one).toEqual(['ENCODER', 'LADDER', 'QUEUE_URL', 'TMPDIR', 'WORK_DIR']);
    expect(await names({ LADDER: 'standard', QUEUE_URL: 'https://q' })).toEqual(one);
  });

  it('gets secrets by reference, and a new revision with a new version', async () => {
    const container = containerOf(await build('fargate', { service: secrets }));
    expect(container.secrets).toEqual([
      { name: 'SOURCE_SECRET_ACCESS_KEY', valueFrom: 'arn:aws:ssm:us-east-1:123456789012:parameter/a' },
      { name: 'OUTPUT_SECRET_ACCESS_KEY', valueFrom: 'arn:aws:ssm:us-east-1:123456789012:parameter/b' },
      { name: 'WORKERS_PER_FILM', valueFrom: 'arn:aws:ssm:us-east-1:123456789012:parameter/c' },
    ]);
    expect(container.dockerLabels).toEqual({ 'transcode-farm.secret-versions': '2.5' });
  });

  it('logs without waiting, to a group with a retention', async () => {
    const made = await build('fargate', { service: { logRetentionDays: 7 } });
    const group = made.resource('aws:cloudwatch/logGroup:LogGroup');
    expect(group.inputs.retentionInDays).toBe(7);
    expect(containerOf(made).logConfiguration).toMatchObject({
      logDriver: 'awslogs',
      options: { 'awslogs-region': 'us-east-1', mode: 'non-blocking' },
    });
  });
});

describe('the task', () => {
  it('is on the bridge network and uses the scratch space of the instance', async () => {
    expect(definitionOf(await build('gpu'))).toMatchObject({
      networkMode: 'bridge',
      requiresCompatibilities: ['EC2'],
      cpu: '4096',
      memory: '14336',
      volumes: [{ name: 'scratch', hostPath: '/scratch' }],
    });
  });

  it('has an address and storage of its own on Fargate', async () => {
    const definition = definitionOf(await build('fargate'));
    expect(definition).toMatchObject({
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '4096',
      memory: '8192',
      ephemeralStorage: { sizeInGib: 50 },
      volumes: [{ name: 'scratch' }],
    });
  });

  it('shares neither process table nor network with the host', async () => {
    const { pidMode, networkMode } = definitionOf(await build('gpu'));
    expect(pidMode).toBeUndefined();
    expect(networkMode).not.toBe('host');
  });
});

describe('the service', () => {
  it('names its capacity provider, as only such tasks start instances', async () => {
    const { inputs } = serviceOf(await build('gpu'));
    expect(inputs.capacityProviderStrategies).toEqual([{ capacityProvider: 'farm-gpu-0a1b2c3', weight: 1 }]);
    expect(inputs.launchType).toBeUndefined();
  });

  it('replaces a worker in its place on GPU instances, and starts the new one first on Fargate', async () => {
    const shares = async (kind: 'gpu' | 'fargate') => {
      const { deploymentMinimumHealthyPercent: min, deploymentMaximumPercent: max } = serviceOf(
        await build(kind),
      ).inputs;
      return [min, max];
    };
    expect(await shares('gpu')).toEqual([0, 100]);
    expect(await shares('fargate')).toEqual([100, 200]);
  });

  it.each(['gpu', 'fargate'] as const)(
    'rolls back what does not start, moves no task between zones, and leaves its count to scaling: %s',
    async (kind) => {
      const service = serviceOf(await build(kind));
      expect(service.inputs).toMatchObject({
        deploymentCircuitBreaker: { enable: true, rollback: true },
        availabilityZoneRebalancing: 'DISABLED',
        desiredCount: 0,
        propagateTags: 'SERVICE',
      });
      expect(service.ignoreChanges).toEqual(['desiredCount']);
    },
  );

  it('is after the capacity providers of its cluster on Fargate too', async () => {
    const made = await build('fargate');
    const association = made.resource('aws:ecs/clusterCapacityProviders:ClusterCapacityProviders');
    expect(association.inputs.capacityProviders).toEqual(['FARGATE', 'FARGATE_SPOT']);
    expect(made.dependsOn(serviceOf(made), association)).toBe(true);
  });

  it('has public addresses on Fargate where there is no other way out', async () => {
    expect(serviceOf(await build('fargate')).inputs.networkConfiguration).toEqual({
      subnets: ['subnet-1', 'subnet-2'],
      securityGroups: ['sg-1'],
      assignPublicIp: true,
    });
    expect(serviceOf(await build('gpu')).inputs.networkConfiguration).toBeUndefined();
  });

  it('shows in a preview, when nothing is known yet', async () => {
    const made = await record(() => buildCompute('gpu'), { preview: true });
    expect(made.resourcesOf('aws:ecs/service:Service')).toHaveLength(1);
    expect(made.resourcesOf('aws:ecs/taskDefinition:TaskDefinition')).toHaveLength(1);
  });
});

describe('the roles', () => {
  it('are three, each for one service', async () => {
    const made = await build('gpu', { service: secrets });
    const trust = made.resourcesOf('aws:iam/role:Role').map(({ name, inputs }) => {
      const { Statement } = JSON.parse(JSON.stringify(inputs.assumeRolePolicy));
      return [name, Statement[0].Principal.Service];
    });
    expect(Object.fromEntries(trust)).toEqual({
      'farm-gpu-instance': 'ec2.amazonaws.com',
      'farm-worker-task': 'ecs-tasks.amazonaws.com',
      'farm-worker-execution': 'ecs-tasks.amazonaws.com',
    });
  });

  it('allow no wildcard action, and every resource only where AWS knows none', async () => {
    const rights = rightsOf(await build('gpu', { service: secrets }));
    expect(rights.filter((right) => /: \S*\*\S* /.test(right))).toEqual([]);
    expect(rights.filter((right) => right.endsWith(' *')).sort()).toEqual([
      'farm-gpu-instance: ecs:DiscoverPollEndpoint *',
      'farm-worker-execution: ecr:GetAuthorizationToken *',
    ]);
  });

  it('let a worker protect the tasks of its own cluster', async () => {
    const rights = rightsOf(await build('gpu')).filter((right) => right.startsWith('farm-worker-task'));
    expect(rights).toEqual([
      'farm-worker-task-gpu: ecs:GetTaskProtection arn:aws:ecs:us-east-1:123456789012:task/farm-gpu-0a1b2c3/*',
      'farm-worker-task-gpu: ecs:UpdateTaskProtection arn:aws:ecs:us-east-1:123456789012:task/farm-gpu-0a1b2c3/*',
    ]);
  });

  it('let an instance join its own cluster and no other', async () => {
    const rights = rightsOf(await build('gpu')).filter((right) => right.startsWith('farm-gpu-instance'));
    const others = rights.filter((right) => !/(cluster|container-instance)\/farm-gpu-0a1b2c3/.test(right));
    expect(others).toEqual(['farm-gpu-instance: ecs:DiscoverPollEndpoint *']);
    expect(rights).toContain(
      'farm-gpu-instance: ecs:RegisterContainerInstance arn:aws:ecs:us-east-1:123456789012:cluster/farm-gpu-0a1b2c3',
    );
  });

  it("give ECS the image's repository and the secrets that are there", async () => {
    const rights = rightsOf(await build('fargate', { service: secrets }));
    expect(rights).toContain(
      'farm-worker-execution: ecr:BatchGetImage arn:aws:ecr:us-east-1:123456789012:repository/worker',
    );
    expect(rights).toContain(
      'farm-worker-execution: ssm:GetParameters arn:aws:ssm:us-east-1:123456789012:parameter/a',
    );
  });

  it('give no right to ECR for an image elsewhere, and none to secrets without any', async () => {
    const elsewhere = image.replace(/^[^/]*/, 'ghcr.io/somebody');
    const rights = rightsOf(await build('fargate', { service: { image: elsewhere } }));
    expect(rights.filter((right) => /: (ecr|ssm):/.test(right))).toEqual([]);
  });
});
