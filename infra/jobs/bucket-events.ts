import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface BucketEventsArgs {
  bucket: pulumi.Input<string>;
  topicArn: pulumi.Input<string>;
  /** What lets S3 publish there: S3 tries at once, and refuses a topic that it may not use. */
  topicPolicy: pulumi.Resource;
  /** Only keys that begin so. */
  prefix: string;
  /** Only keys that end in one of these; empty: all. None may end in another. */
  suffixes: string[];
}

/**
 * Uploads to an S3 bucket become messages on a topic: puts, posts, copies and finished multipart uploads.
 *
 * A bucket has one notification configuration: this one replaces any other that an existing bucket has.
 */
export class BucketEvents extends pulumi.ComponentResource {
  constructor(name: string, args: BucketEventsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:jobs:BucketEvents', name, {}, opts);
    const notification = new aws.s3.BucketNotification(
      name,
      { bucket: args.bucket, topics: createTopics(args) },
      { parent: this, dependsOn: [args.topicPolicy] },
    );
    this.registerOutputs({ notificationId: notification.id });
  }
}

/** S3 takes one suffix an entry. */
function createTopics({ topicArn, prefix, suffixes }: BucketEventsArgs) {
  const common = {
    topicArn,
    events: ['s3:ObjectCreated:*'],
    filterPrefix: prefix === '' ? undefined : prefix,
  };
  if (suffixes.length === 0) return [common];
  return suffixes.map((filterSuffix) => ({ ...common, filterSuffix }));
}
