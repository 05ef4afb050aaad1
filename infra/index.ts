import { readFileSync } from 'node:fs';
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { Cluster } from './compute/cluster.ts';
import { workerEnvironment, workerSecrets } from './compute/environment.ts';
import { FargateCapacity } from './compute/fargate.ts';
import { GpuCapacity } from './compute/gpu.ts';
import { Network } from './compute/network.ts';
import { Secrets } from './compute/secrets.ts';
import { WorkerService } from './compute/service.ts';
import { boundRoles } from './github/boundary.ts';
import { GithubRoles } from './github/roles.ts';
import { WorkerImage } from './image/image.ts';
import { BucketEvents } from './jobs/bucket-events.ts';
import { Jobs } from './jobs/jobs.ts';
import { Parts, PartsSenders } from './jobs/parts.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { Scaling } from './scaling/scaling.ts';
import { readSettings } from './settings/settings.ts';
import type { StorageSettings } from './settings/storage.ts';
import { createStorage } from './storage/backends.ts';
import { bucketNameFor } from './storage/bucket-name.ts';
import { tagEverything } from './tags.ts';

/**
 * The farm. A job's way through it: source bucket → topic → queue → workers → output bucket; workers share a long film by
 * the parts queue, the scaling decides how many workers there are, and the watch tells people.
 */
export default function farm() {
  const settings = readSettings();
  const { storage, compute, scaling } = settings;
  const tags = { 'transcode-farm': pulumi.getStack(), ...settings.tags };
  tagEverything(tags);
  if (settings.github) boundRoles();
  const region = aws.getRegionOutput().region;
  const metricsNamespace = `transcode-farm/${pulumi.getStack()}`;

  // Films: where they come from and go to
  const source = createStorage(bucketNameFor('source'), storage.source.backend, {
    ...storage,
    side: 'source',
    existing: storage.source.bucket,
  });
  const output = createStorage(bucketNameFor('output'), storage.output.backend, {
    ...storage,
    side: 'output',
    existing: storage.output.bucket,
  });

  // Jobs: how they come in and wait
  const uploads = storage.sourceEvents ? source.bucketArn : undefined;
  const jobs = new Jobs('jobs', { ...settings.jobs, senderBucketArns: uploads ? [uploads] : [] });
  if (uploads) {
    new BucketEvents('uploads', {
      bucket: source.bucket,
      topicArn: jobs.topicArn,
      topicPolicy: jobs.topicPolicy,
      prefix: storage.sourcePrefix,
      suffixes: storage.sourceSuffixes,
    });
  }

  const parts = new Parts('parts', settings.jobs);

  // Workers: the image, what it is told, and what runs it
  const image = settings.workerImage ?? new WorkerImage('worker').uri;
  const secrets = new Secrets('worker', workerSecrets(settings, { source, output }));
  const { subnetIds, securityGroupId } = new Network(
    'farm',
    settings.network.existing ?? { zones: settings.network.zones },
  );
  const { clusterName, clusterArn } = new Cluster('farm', {
    containerInsights: settings.monitoring.containerInsights,
  });
  const task = { taskCpu: compute.task.cpuUnits, taskMemoryMib: compute.task.memoryMib };
  const mix = { onDemandBase: compute.onDemandBase, spot: compute.spot };
  const { capacity } =
    compute.kind === 'gpu'
      ? new GpuCapacity('gpu', {
          clusterName,
          clusterArn,
          subnetIds,
          securityGroupId,
          instanceTypes: compute.instanceTypes,
          maxInstances: scaling.maxTasks,
          warmInstances: compute.warmInstances,
          tags,
          ...task,
          ...mix,
        })
      : new FargateCapacity('cpu', { clusterName, ...task, ...mix });
  const service = new WorkerService('worker', {
    clusterArn,
    capacity,
    subnetIds,
    securityGroupId,
    assignPublicIp: settings.network.assignPublicIp,
    image,
    environment: workerEnvironment({
      settings,
      region,
      queueUrl: jobs.queue.url,
      deadLetterQueueUrl: jobs.deadLetters.url,
      partsQueueUrl: parts.queue.url,
      source,
      output,
      metricsNamespace,
    }),
    secrets: secrets.references,
    taskStatements: [...jobs.statements, ...parts.statements, ...source.statements, ...output.statements],
    minTasks: scaling.minTasks,
    logRetentionDays: settings.monitoring.logRetentionDays,
  });
  const { serviceName, serviceArn } = service;
  new PartsSenders('parts', { queue: parts.queue, workerRoleArn: service.taskRoleArn });

  // How many workers there are, and who is told
  const waker = new Scaling('scaling', {
    clusterName,
    clusterArn,
    serviceName,
    serviceArn,
    capacity,
    queues: [jobs.queue, parts.queue],
    topicArn: jobs.topicArn,
    logRetentionDays: settings.monitoring.logRetentionDays,
    ...scaling,
  });
  const watch = new Monitoring('watch', {
    clusterName,
    serviceName,
    capacity,
    jobs: { queue: jobs.queue.name, deadLetters: jobs.deadLetters.name },
    parts: { queue: parts.queue.name, deadLetters: parts.deadLetters.name },
    wakerName: waker.wakerName,
    metricsNamespace,
    alertEmail: settings.monitoring.alertEmail,
    budget: settings.monitoring.budget,
  });

  // Who deploys, if it is not done by hand
  const github =
    settings.github &&
    new GithubRoles('github', { ...settings.github, existingBuckets: existingOnS3(storage) });

  return {
    /** AWS region of everything but R2 and Wasabi buckets. */
    region,
    /** Where jobs are published to; a message is one job. */
    topicArn: jobs.topicArn,
    /** Jobs may be sent here as well. */
    queueUrl: jobs.queue.url,
    deadLetterQueueUrl: jobs.deadLetters.url,
    /** Where workers ask each other for help with a film; nobody else may send here. */
    partsQueueUrl: parts.queue.url,
    partsDeadLetterQueueUrl: parts.deadLetters.url,
    /** `s3`, `r2` or `wasabi`. */
    sourceStorage: storage.source.backend,
    sourceBucket: source.bucket,
    sourceRegion: source.region,
    /** Empty for S3. */
    sourceEndpoint: source.endpoint ?? '',
    /** How films come in: by an upload alone, or by a job that somebody submits. */
    jobsStartBy: uploads ? 'uploads and submitted jobs' : 'submitted jobs',
    outputStorage: storage.output.backend,
    outputBucket: output.bucket,
    outputRegion: output.region,
    /** Empty for S3. */
    outputEndpoint: output.endpoint ?? '',
    outputPrefix: storage.outputPrefix,
    /** Where viewers reach the output; empty: nowhere but in the bucket. */
    publicUrl: output.publicUrl ?? '',
    /** Where the CNAME of `deliveryDomain` must lead; empty: nowhere. */
    deliveryTarget: output.deliveryTarget ?? '',
    clusterName,
    serviceName,
    /** The Auto Scaling group of `compute: gpu`; empty with Fargate. */
    groupName: capacity.group?.name ?? '',
    /** Most workers at once: `farm doctor` asks whether the account may have so many. */
    maxTasks: String(scaling.maxTasks),
    logGroupName: service.logGroupName,
    wakerLogGroupName: waker.wakerLogGroupName,
    /** Roles for the workflows of `githubRepository`; empty without it. */
    githubPreviewRoleArn: github?.previewRoleArn ?? '',
    githubDeployRoleArn: github?.deployRoleArn ?? '',
    alertTopicArn: watch.alertTopicArn,
    dashboardUrl: watch.dashboardUrl,
    sourceConsoleUrl: source.consoleUrl,
    outputConsoleUrl: output.consoleUrl,
    /** Pulumi shows it as the stack's page. */
    readme: readFileSync(new URL('../Pulumi.README.md', import.meta.url), 'utf8'),
  };
}

function existingOnS3({ source, output }: StorageSettings): string[] {
  const buckets = [source, output].flatMap(({ backend, bucket }) =>
    backend === 's3' && bucket ? [bucket] : [],
  );
  return [...new Set(buckets)];
}
