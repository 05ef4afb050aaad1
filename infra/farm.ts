import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmAddress } from './address.ts';
import { workerSecrets } from './compute/environment.ts';
import { Network } from './compute/network.ts';
import { Secrets } from './compute/secrets.ts';
import { boundRoles } from './github/boundary.ts';
import { existingOnS3, madeOnS3 } from './github/buckets.ts';
import { GithubRoles } from './github/roles.ts';
import { createQueues } from './jobs/farm-queues.ts';
import { createPartsSenders } from './jobs/parts.ts';
import { farmNames } from './monitoring/farm-names.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { checkName, farmName } from './names.ts';
import { type FarmOutputs, outputNames } from './outputs.ts';
import type { FarmPieces } from './pieces.ts';
import { createPortal } from './portal/portal.ts';
import { reporterSecrets } from './reports/reporter-secrets.ts';
import { Reports, ReportsSenders } from './reports/reports.ts';
import type { TranscodeFarmArgs } from './settings/args.ts';
import { readSettings } from './settings/settings.ts';
import { ArgsSource } from './settings/sources.ts';
import { createStorage } from './storage/backends.ts';
import { farmTag, tagging } from './tags.ts';
import { createWorkers } from './workers/workers.ts';

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
    const { storage, compute, monitoring } = settings;
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

    // Jobs: how they come in and wait, and how the owner's app and database hear of them
    const { jobs, parts, uploadsStartJobs } = createQueues(name, { settings, source }, own);
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

    // Workers: what encodes, and who may speak as one
    const { encryptionSecret } = settings;
    const variables = workerSecrets({ source, output, encryptionSecret });
    const secrets = new Secrets(name, { farm: name, variables }, own).references;
    // Functions need none; a portal in containers does.
    const hasNetwork = compute.kind !== 'function' || settings.portal?.host.kind === 'service';
    const network = hasNetwork ? new Network(name, settings.network.existing, own) : undefined;
    const made = {
      settings,
      region,
      metricsNamespace,
      source,
      output,
      jobs,
      parts,
      reports,
      network,
      secrets,
    };
    const workers = createWorkers(name, { ...made, tags }, own);
    createPartsSenders(`${name}-parts`, parts, workers.roleArns, own);
    if (reports) {
      const senderRoleArns = [...workers.roleArns, reports.reporterRoleArn];
      new ReportsSenders(name, { queue: reports.queue, senderRoleArns }, own);
    }

    // People: the farm in a browser, who hears of trouble, and who deploys
    const pieces: FarmPieces = { ...made, uploadsStartJobs, workers };
    const address = farmAddress(pieces);
    const portal = settings.portal && createPortal(name, settings.portal, { ...pieces, address }, own);
    const watch = new Monitoring(
      name,
      {
        ...monitoring,
        ...farmNames({ ...pieces, portal: portal?.names }),
        retentionDays: settings.jobs.retentionDays,
      },
      own,
    );
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
        doorFunctionName: workers.door?.functionName,
        doorLogGroupName: workers.door?.logGroupName,
        maxTasks: settings.scaling.maxTasks,
        workersPerFilm: settings.workersPerFilm,
        logGroupName: workers.logGroupName,
        wakerLogGroupName: workers.service?.wakerLogGroupName,
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
