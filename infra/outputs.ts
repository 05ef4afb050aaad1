/**
 * A stack's outputs, in which its owner sees the farm: the command line finds a farm by them. An empty text says that there is
 * none.
 */
export interface FarmOutputs {
  /** AWS region of everything but R2 and Wasabi buckets. */
  region: string;
  /** Jobs are published here; a message is one job. */
  topicArn: string;
  /** Jobs may be sent here as well. */
  queueUrl: string;
  deadLetterQueueUrl: string;
  /** Workers send part requests here; only they may. */
  partsQueueUrl: string;
  partsDeadLetterQueueUrl: string;
  /** Of the priority lanes: jobs are published here, or sent to the queue. Empty without them. */
  urgentTopicArn: string;
  bulkTopicArn: string;
  urgentQueueUrl: string;
  urgentPartsQueueUrl: string;
  bulkQueueUrl: string;
  bulkPartsQueueUrl: string;
  /** Workers send reports here; only they and the reporter may. Empty without a webhook and a database. */
  reportsQueueUrl: string;
  reportsDeadLetterQueueUrl: string;
  /** Where the reporter keeps what it delivered to webhooks. */
  reportsBucket: string;
  /** The function that delivers reports. */
  reporterName: string;
  reporterLogGroupName: string;
  /** `s3`, `r2` or `wasabi`. */
  sourceStorage: string;
  sourceBucket: string;
  sourceRegion: string;
  /** Empty for S3. */
  sourceEndpoint: string;
  /** An upload alone starts a job; else an app or the command line submits each one. */
  uploadsStartJobs: boolean;
  /** `s3`, `r2` or `wasabi`. */
  outputStorage: string;
  outputBucket: string;
  outputRegion: string;
  /** Empty for S3. */
  outputEndpoint: string;
  outputPrefix: string;
  /** Where viewers reach the output; empty where the bucket is private. */
  publicUrl: string;
  /** Where players fetch the keys of encrypted films, with `{jobId}` and `{plan}`; empty where none can be encrypted. */
  encryptionKeyUrl: string;
  /** Where the CNAME of `deliveryDomain` must lead. */
  deliveryTarget: string;
  clusterName: string;
  serviceName: string;
  /** The Auto Scaling group of `compute: gpu`; empty without one. */
  groupName: string;
  /** The worker of `compute: function`; empty without one. */
  functionName: string;
  /** The function that looks at jobs before workers do, and its queues; empty without `functions: door`. */
  doorFunctionName: string;
  doorQueueUrl: string;
  urgentDoorQueueUrl: string;
  bulkDoorQueueUrl: string;
  doorLogGroupName: string;
  /** Most workers at once: `farm doctor` asks whether the account may have that many. */
  maxTasks: number;
  /** Most workers of one film: `farm plan` estimates with it. */
  workersPerFilm: number;
  logGroupName: string;
  wakerLogGroupName: string;
  /** Roles for the workflows of `githubRepository`; empty without it. */
  githubPreviewRoleArn: string;
  githubDeployRoleArn: string;
  alertTopicArn: string;
  /** The farm's page in a browser; empty without a portal. */
  portalUrl: string;
  /** Where the CNAME of `portalDomain` must lead, unless the farm has its zone. */
  portalTarget: string;
  dashboardUrl: string;
  sourceConsoleUrl: string;
  outputConsoleUrl: string;
}

/** Every output by name, for whoever goes through them. */
export const outputNames = [
  'region',
  'topicArn',
  'queueUrl',
  'deadLetterQueueUrl',
  'partsQueueUrl',
  'partsDeadLetterQueueUrl',
  'urgentTopicArn',
  'bulkTopicArn',
  'urgentQueueUrl',
  'urgentPartsQueueUrl',
  'bulkQueueUrl',
  'bulkPartsQueueUrl',
  'reportsQueueUrl',
  'reportsDeadLetterQueueUrl',
  'reportsBucket',
  'reporterName',
  'reporterLogGroupName',
  'sourceStorage',
  'sourceBucket',
  'sourceRegion',
  'sourceEndpoint',
  'uploadsStartJobs',
  'outputStorage',
  'outputBucket',
  'outputRegion',
  'outputEndpoint',
  'outputPrefix',
  'publicUrl',
  'encryptionKeyUrl',
  'deliveryTarget',
  'clusterName',
  'serviceName',
  'groupName',
  'functionName',
  'doorFunctionName',
  'doorQueueUrl',
  'urgentDoorQueueUrl',
  'bulkDoorQueueUrl',
  'doorLogGroupName',
  'maxTasks',
  'workersPerFilm',
  'logGroupName',
  'wakerLogGroupName',
  'githubPreviewRoleArn',
  'githubDeployRoleArn',
  'alertTopicArn',
  'portalUrl',
  'portalTarget',
  'dashboardUrl',
  'sourceConsoleUrl',
  'outputConsoleUrl',
] as const satisfies readonly (keyof FarmOutputs)[];
