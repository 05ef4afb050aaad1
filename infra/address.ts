import type * as pulumi from '@pulumi/pulumi';
import type { FarmAddress } from '../cli/farm/address.ts';
import type { FarmPieces } from './pieces.ts';

export type AddressOutputs = { [K in keyof FarmAddress]?: pulumi.Input<FarmAddress[K]> };

/** By what those find the farm who look at it from outside: its portal, and the command line by the stack's outputs. */
export function farmAddress({
  settings,
  region,
  source,
  output,
  jobs,
  parts,
  uploadsStartJobs,
  reports,
  workers,
}: Omit<FarmPieces, 'metricsNamespace' | 'network' | 'secrets'>) {
  const { storage, worker } = settings;
  const { service, functionName } = workers;
  return {
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
    uploadsStartJobs,
    outputStorage: storage.output.backend,
    outputBucket: output.bucket,
    outputRegion: output.region,
    outputEndpoint: output.endpoint,
    outputPrefix: storage.outputPrefix,
    publicUrl: output.publicUrl,
    encryptionKeyUrl: worker.ENCRYPTION_KEY_URL,
    clusterName: service?.clusterName,
    serviceName: service?.serviceName,
    groupName: service?.capacity.group?.name,
    functionName,
  };
}
