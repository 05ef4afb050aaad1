import { beforeAll, describe, expect, it } from 'vitest';
import { containerOf } from '../../../tools/program-run/farm.ts';
import type { Inputs } from '../../../tools/program-run/registered.ts';
import { loadStack } from '../../../tools/program-run/stacks.ts';
import { type FarmRecording, field, recordFarm } from '../../helpers/program/farm.ts';
import { statementsOf } from '../../helpers/program/policies.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

/**
 * The cloud security rules that the farm keeps, by their checkov, AWS FSBP or cdk-nag ids. Not kept, with reasons:
 * - CKV_AWS_26 (topic encrypted by KMS): S3 cannot use AWS's key for SNS, and an own key costs more than a sleeping farm.
 * - CKV_AWS_21 on the output (versioning): it can be made again, and would be stored twice; the source has it.
 * - CKV_AWS_18, 144, 143, CKV2_AWS_62 on the output: access logs, copies elsewhere, locks and events, for who wants them.
 * - CKV_AWS_145, 136, 158, 149, CKV2_AWS_73 (own KMS keys): each $1 a month; AWS's keys encrypt everything.
 * - CKV_AWS_65 (Container Insights): paid for each metric; `containerInsights` switches it on.
 * - CKV_AWS_333, 88, 130 (no public address): public subnets without a NAT gateway are what makes an idle farm free;
 *   nothing may come in. CKV_AWS_382 (open egress): sources, webhooks and databases may be anywhere.
 * - ECR.2, CKV_AWS_51 (immutable tags): tasks name digests, and going back builds a tag again.
 * - CKV_AWS_50, 117, 272 (Lambda: X-Ray, VPC, signed code): the waker reads no input and reaches only AWS.
 */
const farms = [
  { name: 'Fargate and S3', stack: bareStack() },
  { name: 'GPU and S3', stack: loadStack('Pulumi.prod.yaml') },
  { name: 'GPU and R2', stack: bareStack({ ...allCredentials, storage: 'r2', compute: 'gpu' }) },
  { name: 'CloudFront', stack: bareStack({ delivery: 'cdn' }) },
];

describe.each(farms)('$name', ({ name, stack }) => {
  let farm: FarmRecording;
  beforeAll(async () => {
    farm = await recordFarm(stack);
  });
  const inputsOf = (type: string) => farm.resourcesOf(type).map(({ inputs }) => inputs);

  it('SQS.1, CKV_AWS_27: encrypts every queue', () => {
    for (const queue of inputsOf('aws:sqs/queue:Queue')) expect(queue.sqsManagedSseEnabled).toBe(true);
  });

  it.each(['farm-jobs', 'farm-parts'])(
    'SQS3: gives the queue of %s dead letters that only it may fill',
    (queue) => {
      const { redrivePolicy } = farm.resource('aws:sqs/redrivePolicy:RedrivePolicy', queue).inputs;
      expect(JSON.parse(String(redrivePolicy)).deadLetterTargetArn).toContain(`:${queue}-dead-`);
      const allow = farm.resource('aws:sqs/redriveAllowPolicy:RedriveAllowPolicy', `${queue}-dead`).inputs;
      expect(JSON.parse(String(allow.redriveAllowPolicy))).toEqual({
        redrivePermission: 'byQueue',
        sourceQueueArns: [expect.stringMatching(new RegExp(`:${queue}-\\w+$`))],
      });
    },
  );

  it('lets the workers alone ask for help with a film', () => {
    const [denied] = statementsOf(farm).filter(({ sid }) => sid === 'WorkersAlone');
    const worker = farm.resource('aws:ecs/taskDefinition:TaskDefinition').inputs.taskRoleArn;
    expect(denied).toMatchObject({
      at: 'aws:sqs/queuePolicy:QueuePolicy farm-parts',
      effect: 'Deny',
      actions: ['sqs:SendMessage'],
      condition: { ArnNotEquals: { 'aws:PrincipalArn': worker } },
    });
  });

  it('sends reports only where there is a webhook or a database, and lets nobody but the farm send them', () => {
    const [queue] = farm.resourcesOf('aws:sqs/queue:Queue').filter(({ name }) => name === 'farm-reports');
    const [denied] = statementsOf(farm).filter(({ sid }) => sid === 'FarmAlone');
    const hasReports = 'webhookUrl' in stack.config && stack.config.webhookUrl !== '';
    expect(queue !== undefined).toBe(hasReports);
    expect(containerOf(farm).environment.some((one) => one.name === 'REPORTS_QUEUE_URL')).toBe(hasReports);
    if (!hasReports) return expect(denied).toBeUndefined();
    const worker = farm.resource('aws:ecs/taskDefinition:TaskDefinition').inputs.taskRoleArn;
    const reporter = farm.resource('aws:lambda/function:Function', 'farm-reporter').inputs.role;
    expect(denied).toMatchObject({
      at: 'aws:sqs/queuePolicy:QueuePolicy farm-reports',
      effect: 'Deny',
      actions: ['sqs:SendMessage'],
      condition: { ArnNotEquals: { 'aws:PrincipalArn': [worker, reporter] } },
    });
  });

  it('keeps the secrets of webhooks and database from the worker: from its settings, its secrets and its roles', () => {
    const { environment, secrets } = containerOf(farm);
    const names = [...environment, ...(secrets ?? [])].map(({ name }) => name);
    expect(names.filter((name) => /WEBHOOK_(URL|SECRET)|DATABASE/.test(name))).toEqual([]);
    const readable = statementsOf(farm)
      .filter(({ at, actions }) => at.includes('-worker-') && actions.some((one) => one.startsWith('ssm:')))
      .flatMap(({ resources }) => resources);
    expect(readable.filter((arn) => /WEBHOOK|DATABASE/.test(arn))).toEqual([]);
  });

  it('reads the backlog of both queues wherever the backlog counts', () => {
    const { FARM } = field(
      field(farm.resource('aws:lambda/function:Function', 'farm-waker').inputs, 'environment'),
      'variables',
    );
    expect(JSON.parse(String(FARM)).queueUrls).toEqual([
      expect.stringContaining('/farm-jobs-'),
      expect.stringContaining('/farm-parts-'),
    ]);
    const tracked = JSON.stringify(farm.resource('aws:appautoscaling/policy:Policy').inputs);
    for (const queue of ['farm-jobs', 'farm-parts']) {
      expect(tracked.split(`"value":"${queue}-0a1b2c3"`), queue).toHaveLength(3);
    }
  });

  it('ECR.1, ECR.3: scans images, and forgets old ones', () => {
    expect(farm.resource('awsx:ecr:Repository').inputs).toMatchObject({
      imageScanningConfiguration: { scanOnPush: true },
      imageTagMutability: 'MUTABLE',
      lifecyclePolicy: { rules: [{ maximumNumberOfImages: 10 }] },
    });
  });

  it('ECS.1, .3, .4, .5, .8, .9: runs the worker as nobody special, on a read-only root, with logs', () => {
    const container = containerOf(farm);
    expect(container).toMatchObject({
      readonlyRootFilesystem: true,
      user: expect.stringMatching(/^[1-9]\d*(:[1-9]\d*)?$/),
      linuxParameters: { initProcessEnabled: true },
      logConfiguration: { logDriver: 'awslogs' },
    });
    expect(container.privileged ?? false).toBe(false);
    const task = farm.resource('aws:ecs/taskDefinition:TaskDefinition').inputs;
    expect(task.pidMode).toBeUndefined();
    expect(task.networkMode).not.toBe('host');
  });

  it('ECS.12, CKV_AWS_65: has Container Insights where they are asked for', async () => {
    const settingsOf = (farm: FarmRecording) => farm.resource('aws:ecs/cluster:Cluster').inputs.settings;
    expect(settingsOf(farm)).toEqual([{ name: 'containerInsights', value: 'disabled' }]);
    const asked = await recordFarm({ ...stack, config: { ...stack.config, containerInsights: 'true' } });
    expect(settingsOf(asked)).toEqual([{ name: 'containerInsights', value: 'enabled' }]);
  });

  it('CKV_AWS_249: separates what starts a task from what the task may do', () => {
    const { taskRoleArn, executionRoleArn } = farm.resource('aws:ecs/taskDefinition:TaskDefinition').inputs;
    expect(taskRoleArn).toBeTruthy();
    expect(executionRoleArn).toBeTruthy();
    expect(taskRoleArn).not.toBe(executionRoleArn);
  });

  it('ECS.10, CKV_AWS_332: runs on the latest Fargate platform', () => {
    expect(farm.resource('aws:ecs/service:Service').inputs.platformVersion ?? 'LATEST').toBe('LATEST');
  });

  it('AutoScaling.1 to .9, EC2.3, EC2.8: takes instances by a launch template with IMDSv2, one hop, encrypted disks', () => {
    for (const template of inputsOf('aws:ec2/launchTemplate:LaunchTemplate')) {
      expect(template.metadataOptions).toMatchObject({ httpTokens: 'required', httpPutResponseHopLimit: 1 });
      for (const { ebs } of template.blockDeviceMappings as { ebs: Inputs }[]) {
        expect(ebs).toMatchObject({ encrypted: 'true', volumeType: 'gp3' });
      }
      const userData = Buffer.from(String(template.userData), 'base64').toString();
      expect(userData).not.toMatch(/secret|password|AKIA/i);
    }
    for (const group of inputsOf('aws:autoscaling/group:Group')) {
      expect(group.mixedInstancesPolicy).toBeDefined();
      expect(group.launchConfiguration).toBeUndefined();
      expect((group.vpcZoneIdentifiers as string[]).length).toBeGreaterThan(1);
    }
    expect(farm.resourcesOf('aws:autoscaling/group:Group')).toHaveLength(name.startsWith('GPU') ? 1 : 0);
  });

  it('S3.1, .2, .3, .5, .8, .12, .13, .17: shuts and encrypts every bucket, and clears away abandoned uploads', () => {
    for (const bucket of farm.resourcesOf('aws:s3/bucket:Bucket').map((resource) => resource.name)) {
      const of = (type: string) => farm.resource(type, bucket).inputs;
      expect(of('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock')).toMatchObject({
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
      expect(of('aws:s3/bucketOwnershipControls:BucketOwnershipControls')).toMatchObject({
        rule: { objectOwnership: 'BucketOwnerEnforced' },
      });
      expect(
        of('aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration'),
      ).toMatchObject({ rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] });
      expect(of('aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration').rules).toContainEqual(
        expect.objectContaining({ abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } }),
      );
    }
  });

  it('S3.14: keeps versions of sources', () => {
    for (const { name: bucket } of farm.resourcesOf('aws:s3/bucket:Bucket')) {
      const versioned = farm
        .resourcesOf('aws:s3/bucketVersioning:BucketVersioning')
        .filter((resource) => resource.name === bucket);
      expect(versioned).toHaveLength(bucket.endsWith('-source') ? 1 : 0);
    }
  });

  it('CKV_AWS_60, 61: lets only services take roles', () => {
    const trusts = statementsOf(farm).filter(({ actions }) => actions.includes('sts:AssumeRole'));
    expect(trusts.length).toBeGreaterThanOrEqual(3);
    for (const { principal } of trusts) expect(principal).toEqual({ Service: expect.any(String) });
  });

  it('IAM.1, IAM.2, CKV_AWS_40, 273: makes no users, and nobody an administrator', () => {
    expect(farm.resources.filter(({ type }) => /iam\/(user|group|accessKey)/.test(type))).toEqual([]);
    expect(JSON.stringify(farm.resources.map(({ inputs }) => inputs))).not.toMatch(
      /AdministratorAccess|PowerUserAccess|FullAccess/,
    );
  });

  it('CKV_AWS_286 to 290: gives workers no way to widen their rights', () => {
    const actions = statementsOf(farm)
      .filter(({ effect, at }) => effect === 'Allow' && at.includes('worker-task'))
      .flatMap((statement) => statement.actions);
    expect(actions.length).toBeGreaterThan(3);
    expect(actions.filter((action) => /^(iam|sts|lambda|ssm|secretsmanager|kms):/.test(action))).toEqual(
      ['sts:AssumeRole'].filter(() => actions.includes('sts:AssumeRole')),
    );
  });

  it('Lambda.1, .2, CKV_AWS_45, 115, 116, 364: runs functions on a supported Node, bounded, called by their source only', () => {
    const waker = farm.resource('aws:lambda/function:Function', 'farm-waker').inputs;
    // The reporter is called by its queue, which has dead letters.
    expect(waker).toMatchObject({ deadLetterConfig: { targetArn: expect.any(String) } });
    expect(JSON.stringify(field(waker, 'environment'))).not.toMatch(/secret/i);
    for (const each of inputsOf('aws:lambda/function:Function')) {
      expect(each.runtime).toMatch(/^nodejs2[24]\.x$/);
      expect(JSON.stringify(field(each, 'environment'))).not.toMatch(/sesame|whsec_|postgres:/i);
    }
    const portal = farm
      .resourcesOf('aws:lambda/function:Function')
      .find(({ name }) => name === 'farm-portal');
    for (const permission of inputsOf('aws:lambda/permission:Permission')) {
      // The portal asks for its password itself, and is called by its address only.
      if (portal !== undefined && permission.function === portal.outputs.id) {
        expect(permission.principal).toBe('*');
        expect(permission.functionUrlAuthType === 'NONE' || permission.invokedViaFunctionUrl).toBe(true);
        continue;
      }
      expect(permission.sourceArn).toBeTruthy();
      expect(permission.principal).toMatch(/^(sns|events|scheduler)\.amazonaws\.com$/);
    }
    expect(inputsOf('aws:lambda/functionUrl:FunctionUrl')).toHaveLength(
      stack.config.portal === 'function' ? 1 : 0,
    );
  });

  it('CKV_AWS_66: ends the life of every log', () => {
    const groups = inputsOf('aws:cloudwatch/logGroup:LogGroup');
    expect(groups.length).toBeGreaterThanOrEqual(2);
    for (const group of groups) expect(group.retentionInDays).toBeGreaterThan(0);
  });

  it('CKV_AWS_319: sends every alarm somewhere', () => {
    const alarms = inputsOf('aws:cloudwatch/metricAlarm:MetricAlarm');
    expect(alarms.length).toBeGreaterThanOrEqual(5);
    for (const alarm of alarms) {
      expect(alarm.actionsEnabled ?? true).toBe(true);
      expect(alarm.alarmActions).toHaveLength(1);
    }
  });

  it('EC2.2, .13, .14, .18, .19, CKV_AWS_23: lets nothing in, and shuts the default group of its network', () => {
    for (const group of inputsOf('aws:ec2/securityGroup:SecurityGroup')) {
      expect(group.ingress ?? []).toEqual([]);
      expect(group.description).toBeTruthy();
    }
    const inbound = farm.resources.filter(({ type }) => /ingress/i.test(type));
    expect(inbound).toEqual([]);
    expect(farm.resource('aws:ec2/defaultSecurityGroup:DefaultSecurityGroup').inputs).toMatchObject({
      ingress: [],
      egress: [],
    });
  });
});
