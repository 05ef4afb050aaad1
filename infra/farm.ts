import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { workerEnvironment, workerSecrets } from './compute/environment.ts';
import { Network } from './compute/network.ts';
import { Secrets } from './compute/secrets.ts';
import { type Architecture, functionVisibilitySeconds } from './compute/worker-function.ts';
import { boundRoles } from './github/boundary.ts';
import { existingOnS3, madeOnS3 } from './github/buckets.ts';
import { GithubRoles } from './github/roles.ts';
import { needsVmaf, WorkerImage } from './image/image.ts';
import { BucketEvents } from './jobs/bucket-events.ts';
import { Jobs } from './jobs/jobs.ts';
import { Parts, PartsSenders } from './jobs/parts.ts';
import type { QueueNames } from './jobs/queue.ts';
import type { MonitoredWorkers } from './monitoring/metrics.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { checkName, farmName } from './names.ts';
import { type FarmOutputs, outputNames } from './outputs.ts';
import { createPortal } from './portal/portal.ts';
import { portalSecrets } from './portal/portal-secrets.ts';
import { reporterSecrets } from './reports/reporter-secrets.ts';
import { Reports, ReportsSenders } from './reports/reports.ts';
import type { TranscodeFarmArgs } from './settings/args.ts';
import type { ComputeSettings } from './settings/compute.ts';
import { type FarmSettings, readSettings } from './settings/settings.ts';
import { ArgsSource } from './settings/sources.ts';
import { createStorage } from './storage/backends.ts';
import { farmTag, tagging } from './tags.ts';
import { createWorkers, type Workers } from './workers.ts';

type Outputs = { [K in keyof FarmOutputs]: pulumi.Output<FarmOutputs[K]> };

/**
 * A private farm that transcodes films to adaptive HLS. An upload or a job reaches the jobs queue by a topic; a worker takes the
 * job, reads the film from the source bucket and publishes the result in the output bucket. Workers ask each other for parts of
 * a long film on the parts queue; scaling sets the number of workers by both queues; monitoring alerts people.
 */
export class TranscodeFarm extends pulumi.ComponentResource implements Outputs {
  readonly region!: pulumi.Output<string>;
  readonly topicArn!: pulumi.Output<string>;
  readonly queueUrl!: pulumi.Output<string>;
  readonly deadLetterQueueUrl!: pulumi.Output<string>;
  readonly partsQueueUrl!: pulumi.Output<string>;
  readonly partsDeadLetterQueueUrl!: pulumi.Output<string>;
  readonly urgentTopicArn!: pulumi.Output<string>;
  readonly bulkTopicArn!: pulumi.Output<string>;
  readonly urgentQueueUrl!: pulumi.Output<string>;
  readonly urgentPartsQueueUrl!: pulumi.Output<string>;
  readonly bulkQueueUrl!: pulumi.Output<string>;
  readonly bulkPartsQueueUrl!: pulumi.Output<string>;
  readonly reportsQueueUrl!: pulumi.Output<string>;
  readonly reportsDeadLetterQueueUrl!: pulumi.Output<string>;
  readonly reportsBucket!: pulumi.Output<string>;
  readonly reporterName!: pulumi.Output<string>;
  readonly reporterLogGroupName!: pulumi.Output<string>;
  readonly sourceStorage!: pulumi.Output<string>;
  readonly sourceBucket!: pulumi.Output<string>;
  readonly sourceRegion!: pulumi.Output<string>;
  readonly sourceEndpoint!: pulumi.Output<string>;
  readonly uploadsStartJobs!: pulumi.Output<boolean>;
  readonly outputStorage!: pulumi.Output<string>;
  readonly outputBucket!: pulumi.Output<string>;
  readonly outputRegion!: pulumi.Output<string>;
  readonly outputEndpoint!: pulumi.Output<string>;
  readonly outputPrefix!: pulumi.Output<string>;
  readonly publicUrl!: pulumi.Output<string>;
  readonly encryptionKeyUrl!: pulumi.Output<string>;
  readonly deliveryTarget!: pulumi.Output<string>;
  readonly clusterName!: pulumi.Output<string>;
  readonly serviceName!: pulumi.Output<string>;
  readonly groupName!: pulumi.Output<string>;
  readonly functionName!: pulumi.Output<string>;
  readonly doorFunctionName!: pulumi.Output<string>;
  readonly doorQueueUrl!: pulumi.Output<string>;
  readonly urgentDoorQueueUrl!: pulumi.Output<string>;
  readonly bulkDoorQueueUrl!: pulumi.Output<string>;
  readonly doorLogGroupName!: pulumi.Output<string>;
  readonly maxTasks!: pulumi.Output<number>;
  readonly workersPerFilm!: pulumi.Output<number>;
  readonly logGroupName!: pulumi.Output<string>;
  readonly wakerLogGroupName!: pulumi.Output<string>;
  readonly githubPreviewRoleArn!: pulumi.Output<string>;
  readonly githubDeployRoleArn!: pulumi.Output<string>;
  readonly alertTopicArn!: pulumi.Output<string>;
  readonly portalUrl!: pulumi.Output<string>;
  readonly portalTarget!: pulumi.Output<string>;
  readonly dashboardUrl!: pulumi.Output<string>;
  readonly sourceConsoleUrl!: pulumi.Output<string>;
  readonly outputConsoleUrl!: pulumi.Output<string>;

  /** @param name begins the name of everything that the farm makes; two farms of a program have different ones */
  constructor(name: string, args: TranscodeFarmArgs = {}, opts: pulumi.ComponentResourceOptions = {}) {
    checkName(name);
    const settings = readSettings(new ArgsSource(args));
    const { storage, compute, scaling, monitoring } = settings;
    const tags = { [farmTag]: pulumi.getStack(), ...settings.tags };
    const transforms = [tagging(tags), ...(settings.github ? [boundRoles(name)] : [])];
    super(
      'transcode-farm:index:TranscodeFarm',
      name,
      {},
      { ...opts, transforms: [...(opts.transforms ?? []), ...transforms] },
    );
    for (const note of settings.notes) void pulumi.log.warn(note, this);
    const own = { parent: this };
    const region = aws.getRegionOutput({}, own).region;
    const metricsNamespace = farmName(name, '/');

    // Films: where they come from and go to
    const source = createStorage(
      `${name}-source`,
      storage.source.backend,
      { ...storage, side: 'source', existing: storage.source.bucket },
      own,
    );
    const output = createStorage(
      `${name}-output`,
      storage.output.backend,
      { ...storage, side: 'output', existing: storage.output.bucket },
      own,
    );

    // Jobs: how they come in and wait
    const uploads = storage.sourceEvents ? source.bucketArn : undefined;
    const jobs = new Jobs(
      `${name}-jobs`,
      {
        ...queueSettings(settings),
        senderBucketArns: uploads ? [uploads] : [],
        hasDoor: settings.door !== undefined,
      },
      own,
    );
    if (uploads) {
      new BucketEvents(
        `${name}-uploads`,
        {
          bucket: source.bucket,
          topicArn: jobs.topicArn,
          topicPolicy: jobs.topicPolicy,
          prefix: storage.sourcePrefix,
          suffixes: storage.sourceSuffixes,
        },
        own,
      );
    }
    const parts = new Parts(`${name}-parts`, queueSettings(settings), own);

    // Reports: how the owner's app and database hear of jobs
    const reports =
      settings.reports &&
      new Reports(
        name,
        {
          settings: settings.reports,
          secrets: reporterSecrets(name, settings.reports, own),
          metricsNamespace,
          logRetentionDays: monitoring.logRetentionDays,
        },
        own,
      );

    // Workers: the image, its settings, and what runs it
    const isFunction = compute.kind === 'function';
    const common = [...(reports?.statements ?? []), ...source.statements, ...output.statements];
    const image = new WorkerImage(
      `${name}-worker`,
      {
        architecture: architectureOf(compute),
        isFunction: isFunction || settings.door !== undefined,
        measuresVmaf: needsVmaf(settings.worker),
        existing: settings.workerImage,
      },
      own,
    );
    const { encryptionSecret } = settings;
    const variables = workerSecrets({ source, output, encryptionSecret });
    const secrets = new Secrets(name, { farm: name, variables }, own);
    // Functions need none; a portal in containers does.
    const network =
      isFunction && settings.portal?.host.kind !== 'service'
        ? undefined
        : new Network(name, settings.network.existing, own);
    const workers = createWorkers(
      name,
      {
        settings,
        network,
        image,
        environment: workerEnvironment({
          settings,
          region,
          jobs,
          parts,
          reports,
          source,
          output,
          metricsNamespace,
        }),
        secrets: secrets.references,
        statements: [...jobs.statements, ...parts.statements, ...common],
        doorStatements: [...jobs.doorStatements, ...parts.doorStatements, ...common],
        jobs,
        parts,
        tags,
      },
      own,
    );
    const { service, door } = workers;
    const workerRoleArns = [workers.roleArn, ...(door ? [door.roleArn] : [])];
    new PartsSenders(`${name}-parts`, { queue: parts.queue, workerRoleArns }, own);
    for (const [lane, queue] of Object.entries(parts.lanes))
      new PartsSenders(`${name}-parts-${lane}`, { queue, workerRoleArns }, own);
    if (reports) {
      const senderRoleArns = [...workerRoleArns, reports.reporterRoleArn];
      new ReportsSenders(name, { queue: reports.queue, senderRoleArns }, own);
    }

    // What those need who look at the farm from outside: its portal, and the command line by the stack's outputs
    const address = {
      region,
      topicArn: jobs.topicArn,
      queueUrl: jobs.queue.url,
      deadLetterQueueUrl: jobs.deadLetters.url,
      partsQueueUrl: parts.queue.url,
      partsDeadLetterQueueUrl: parts.deadLetters.url,
      urgentTopicArn: jobs.laneTopicArns.urgent,
      bulkTopicArn: jobs.laneTopicArns.bulk,
      urgentQueueUrl: jobs.lanes.urgent?.url,
      urgentPartsQueueUrl: parts.lanes.urgent?.url,
      bulkQueueUrl: jobs.lanes.bulk?.url,
      bulkPartsQueueUrl: parts.lanes.bulk?.url,
      doorQueueUrl: jobs.doors.normal?.url,
      urgentDoorQueueUrl: jobs.doors.urgent?.url,
      bulkDoorQueueUrl: jobs.doors.bulk?.url,
      reportsDeadLetterQueueUrl: reports?.deadLetters.url,
      reportsBucket: reports?.bucket,
      reporterName: reports?.reporterName,
      reporterLogGroupName: reports?.reporterLogGroupName,
      sourceStorage: storage.source.backend,
      sourceBucket: source.bucket,
      sourceRegion: source.region,
      sourceEndpoint: source.endpoint,
      uploadsStartJobs: uploads !== undefined,
      outputStorage: storage.output.backend,
      outputBucket: output.bucket,
      outputRegion: output.region,
      outputEndpoint: output.endpoint,
      outputPrefix: storage.outputPrefix,
      publicUrl: output.publicUrl,
      encryptionKeyUrl: settings.worker.ENCRYPTION_KEY_URL,
      clusterName: service?.clusterName,
      serviceName: service?.serviceName,
      groupName: service?.capacity.group?.name,
      functionName: workers.functionName,
    };

    // The farm in a browser
    const portal =
      settings.portal &&
      createPortal(
        name,
        settings.portal,
        {
          place: network && {
            ...network,
            assignPublicIp: settings.network.assignPublicIp,
            containerInsights: monitoring.containerInsights,
          },
          farm: {
            ...{ source, output, jobs, parts, serviceArn: service?.serviceArn },
            topicArns: [jobs.topicArn, ...Object.values(jobs.laneTopicArns)],
            functionArn: workers.functionArn,
            hasGroup: service?.capacity.group !== undefined,
            webhooks: reports?.bucketArn && {
              bucketArn: reports.bucketArn,
              deadLetters: reports.deadLetters,
              reporterArn: reports.reporterArn,
            },
          },
          region,
          address,
          signIn: settings.portal.signIn,
          allowHttpSources: settings.worker.ALLOW_HTTP_SOURCES === 'true',
          secrets: portalSecrets(name, settings.portal, secrets.references, own),
          logRetentionDays: monitoring.logRetentionDays,
        },
        own,
      );

    // Who hears of trouble
    const watch = new Monitoring(
      name,
      {
        ...monitoring,
        workers: monitoredWorkers(workers, scaling.maxTasks),
        door: door && { ...door, queues: namesOnly(jobs.doors) },
        jobs: { queue: jobs.queue.name, deadLetters: jobs.deadLetters.name, lanes: namesOnly(jobs.lanes) },
        parts: {
          queue: parts.queue.name,
          deadLetters: parts.deadLetters.name,
          lanes: namesOnly(parts.lanes),
        },
        retentionDays: settings.jobs.retentionDays,
        reports: reports && {
          queue: reports.queue.name,
          deadLetters: reports.deadLetters.name,
          reporterName: reports.reporterName,
        },
        portal: portal?.names,
        metricsNamespace,
      },
      own,
    );

    // Who deploys, where a workflow does
    const host = settings.portal?.host;
    const github =
      settings.github &&
      new GithubRoles(
        `${name}-github`,
        {
          ...settings.github,
          farm: name,
          madeBuckets: madeOnS3(storage, { source, output }),
          existingBuckets: existingOnS3(storage),
          ...(host?.kind === 'service' && { zoneId: host.entry.zoneId }),
        },
        own,
      );

    Object.assign(
      this,
      outputsOf({
        ...address,
        reportsQueueUrl: reports?.queue.url,
        deliveryTarget: output.deliveryTarget,
        doorFunctionName: door?.functionName,
        doorLogGroupName: door?.logGroupName,
        maxTasks: scaling.maxTasks,
        workersPerFilm: settings.workersPerFilm,
        logGroupName: workers.logGroupName,
        wakerLogGroupName: service?.wakerLogGroupName,
        githubPreviewRoleArn: github?.previewRoleArn,
        githubDeployRoleArn: github?.deployRoleArn,
        alertTopicArn: watch.alertTopicArn,
        portalUrl: portal?.url,
        portalTarget: portal?.target,
        dashboardUrl: watch.dashboardUrl,
        sourceConsoleUrl: source.consoleUrl,
        outputConsoleUrl: output.consoleUrl,
      }),
    );
    this.registerOutputs(Object.fromEntries(outputNames.map((output) => [output, this[output]])));
  }
}

/** An output that the farm lacks is an empty string. */
function outputsOf(values: { [K in keyof FarmOutputs]: pulumi.Input<FarmOutputs[K]> | undefined }) {
  return Object.fromEntries(outputNames.map((name) => [name, pulumi.output(values[name] ?? '')]));
}

/** A queue that calls a function hides a message for longer than the function runs. */
function queueSettings({
  jobs,
  lanes,
  compute,
}: FarmSettings): FarmSettings['jobs'] & Pick<FarmSettings, 'lanes'> {
  return compute.kind === 'function'
    ? { ...jobs, lanes, visibilityTimeoutSeconds: functionVisibilitySeconds }
    : { ...jobs, lanes };
}

function namesOnly<L extends string>(
  queues: Partial<Record<L, Pick<QueueNames, 'name'>>>,
): Partial<Record<L, pulumi.Output<string>>> {
  const names = Object.entries<Pick<QueueNames, 'name'> | undefined>(queues).map(([lane, queue]) => [
    lane,
    queue?.name,
  ]);
  return Object.fromEntries(names);
}

export function architectureOf(compute: ComputeSettings): Architecture {
  return compute.kind === 'gpu' ? 'x86_64' : compute.architecture;
}

function monitoredWorkers({ service, functionName }: Workers, maxCalls: number): MonitoredWorkers {
  if (functionName !== undefined) return { kind: 'function', functionName, maxCalls };
  if (service === undefined) throw new TypeError('A farm has a service or a function.');
  const { clusterName, serviceName, wakerName, capacity } = service;
  return { kind: 'service', clusterName, serviceName, wakerName, groupName: capacity.group?.name };
}
