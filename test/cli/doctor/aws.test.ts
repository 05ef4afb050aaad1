import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { expect, it } from 'vitest';
import { checkImage } from '../../../cli/doctor/image.ts';
import { checkQuotas } from '../../../cli/doctor/quotas.ts';
import { readDeployed } from '../../../cli/farm/deployed.ts';
import { readWorkers } from '../../../cli/farm/workers.ts';
import { type AwsAnswers, startAwsAnswers } from '../../helpers/program/aws-answers.ts';

const repository = 'worker-1a2b3c4';
const digest = `sha256:${'0f'.repeat(32)}`;
const image = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/${repository}@${digest}`;
const parameter = 'arn:aws:ssm:eu-central-1:123456789012:parameter/transcode-farm/prod/DATABASE_URL';

/** In the words of the API references of ECS, Auto Scaling, ECR and Service Quotas. */
const answers: AwsAnswers = {
  DescribeServices: {
    services: [
      {
        ...{
          status: 'ACTIVE',
          taskDefinition: 'worker:7',
          desiredCount: 3,
          pendingCount: 1,
          runningCount: 1,
        },
        capacityProviderStrategy: [{ capacityProvider: 'gpu', weight: 1, base: 0 }],
      },
    ],
  },
  DescribeTaskDefinition: {
    taskDefinition: {
      ...{ cpu: '4096', memory: '14336' },
      containerDefinitions: [
        {
          image,
          environment: [{ name: 'ENCODER', value: 'nvenc' }],
          secrets: [{ name: 'DATABASE_URL', valueFrom: parameter }],
        },
      ],
    },
  },
  DescribeAutoScalingGroups: `<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
    <DescribeAutoScalingGroupsResult><AutoScalingGroups><member>
      <AutoScalingGroupName>gpu-1</AutoScalingGroupName>
      <MinSize>0</MinSize><MaxSize>3</MaxSize><DesiredCapacity>3</DesiredCapacity>
      <Instances>
        <member><InstanceId>i-1</InstanceId><LifecycleState>InService</LifecycleState></member>
        <member><InstanceId>i-2</InstanceId><LifecycleState>Pending:Wait</LifecycleState></member>
        <member><InstanceId>i-3</InstanceId><LifecycleState>Terminating:Wait</LifecycleState></member>
      </Instances>
      <MixedInstancesPolicy>
        <LaunchTemplate><Overrides>
          <member><InstanceType>g4dn.xlarge</InstanceType></member>
          <member><InstanceType>g6.xlarge</InstanceType></member>
        </Overrides></LaunchTemplate>
        <InstancesDistribution>
          <OnDemandBaseCapacity>1</OnDemandBaseCapacity>
          <OnDemandPercentageAboveBaseCapacity>0</OnDemandPercentageAboveBaseCapacity>
        </InstancesDistribution>
      </MixedInstancesPolicy>
    </member></AutoScalingGroups></DescribeAutoScalingGroupsResult>
  </DescribeAutoScalingGroupsResponse>`,
  DescribeImages: {
    imageDetails: [{ imageDigest: digest, imageSizeInBytes: 301_000_000, imagePushedAt: 1_795_000_000 }],
  },
  GetServiceQuota: { Quota: { QuotaCode: 'any', Value: 4 } },
};

const address = { clusterName: 'farm', serviceName: 'worker', groupName: 'gpu-1' };

it('reads compute, settings and secrets of a farm as they are deployed, and checks its quotas', async () => {
  await using aws = await startAwsAnswers(answers);
  const clients = { ecs: new ECSClient(aws.client), autoScaling: new AutoScalingClient(aws.client) };
  const deployed = await readDeployed(clients, address);
  expect(deployed).toEqual({
    compute: 'gpu',
    task: { cpuUnits: 4096, memoryMib: 14_336 },
    image,
    environment: { ENCODER: 'nvenc' },
    secretParameters: { DATABASE_URL: parameter },
    ...{ spot: true, onDemandBase: 1, most: 3 },
    instanceTypes: ['g4dn.xlarge', 'g6.xlarge'],
  });
  const quotas = await checkQuotas(new ServiceQuotasClient(aws.client), deployed);
  expect(quotas.map(({ name, state }) => [name, state])).toEqual([
    ['quota, on demand', 'ok'],
    ['quota, spot', 'warning'],
  ]);
  expect(aws.asked.slice(-2)).toEqual([
    { ServiceCode: 'ec2', QuotaCode: 'L-DB2E81BA' },
    { ServiceCode: 'ec2', QuotaCode: 'L-3819A6DF' },
  ]);
});

it('asks on Fargate for the vCPUs of as many tasks as the outputs say', async () => {
  const strategies = [
    { capacityProvider: 'FARGATE', base: 1, weight: 0 },
    { capacityProvider: 'FARGATE_SPOT', base: 0, weight: 1 },
  ];
  await using aws = await startAwsAnswers({
    ...answers,
    DescribeServices: { services: [{ status: 'ACTIVE', capacityProviderStrategy: strategies }] },
    GetServiceQuota: { Quota: { QuotaCode: 'any', Value: 6 } }, // a new account's
  });
  const clients = { ecs: new ECSClient(aws.client), autoScaling: new AutoScalingClient(aws.client) };
  const { groupName: _, ...fargate } = address;
  const deployed = await readDeployed(clients, { ...fargate, maxTasks: 3 });
  expect(deployed).toMatchObject({ compute: 'fargate', spot: true, onDemandBase: 1, most: 3 });
  const quotas = await checkQuotas(new ServiceQuotasClient(aws.client), deployed);
  expect(quotas).toMatchObject([
    { name: 'quota, on demand', state: 'ok' },
    {
      ...{ name: 'quota, spot', state: 'warning' },
      why: '6 vCPU of Fargate Spot: room for 1 of 2 workers of 4',
      fix: expect.stringMatching(/--service-code fargate --quota-code L-36FBB829 --desired-value 8$/),
    },
  ]);
  expect(aws.asked.slice(-2)).toEqual([
    { ServiceCode: 'fargate', QuotaCode: 'L-3032A538' },
    { ServiceCode: 'fargate', QuotaCode: 'L-36FBB829' },
  ]);
});

it('counts tasks and instances by how far they are', async () => {
  await using aws = await startAwsAnswers(answers);
  const clients = { ecs: new ECSClient(aws.client), autoScaling: new AutoScalingClient(aws.client) };
  const workers = await readWorkers({ ...clients, address });
  expect(workers).toEqual({
    tasks: { wanted: 3, starting: 1, running: 1 },
    instances: { wanted: 3, starting: 1, running: 1, stopping: 1 },
  });
});

it('says that a service is gone, and knows nothing of farms whose outputs name none', async () => {
  await using aws = await startAwsAnswers({ ...answers, DescribeServices: { services: [] } });
  const clients = { ecs: new ECSClient(aws.client), autoScaling: new AutoScalingClient(aws.client) };
  await expect(readDeployed(clients, address)).rejects.toThrow('worker in cluster farm is not there');
  expect(await readDeployed(clients, {})).toBeUndefined();
});

it('looks for the very image that tasks start from', async () => {
  await using aws = await startAwsAnswers(answers);
  expect(await checkImage(new ECRClient(aws.client), image)).toMatchObject({
    state: 'ok',
    why: 'worker-1a2b3c4 is there, 301 MB, pushed on 2026-11-18',
  });
  expect(aws.asked).toEqual([
    { registryId: '123456789012', repositoryName: repository, imageIds: [{ imageDigest: digest }] },
  ]);
  await using empty = await startAwsAnswers({
    DescribeImages: {
      __type: 'ImageNotFoundException',
      message: 'The image with imageId {…} does not exist',
    },
  });
  const ecr = new ECRClient({ ...empty.client, maxAttempts: 1 });
  expect(await checkImage(ecr, image)).toMatchObject({
    state: 'failed',
    fix: expect.stringContaining('pulumi up'),
  });
  expect((await checkImage(ecr, 'ghcr.io/you/farm:1')).state).toBe('not asked');
});
