import type * as pulumi from '@pulumi/pulumi';
import type { StorageSettings } from '../settings/storage.ts';

/** Films come from a source and go to an output. */
export type Side = 'source' | 'output';

/** Every backend gets it and takes what it needs. */
export interface BackendArgs
  extends Pick<
    StorageSettings,
    'r2' | 'wasabi' | 'delivery' | 'corsOrigins' | 'keepBuckets' | 'sourceEvents' | 'expireAfterDays'
  > {
  side: Side;
  /** An existing bucket to use; undefined: make one. */
  existing?: pulumi.Input<string>;
}

/** The storage contract: what a backend gives the worker, the rest of the program, and its owner. */
export interface Storage {
  bucket: pulumi.Output<string>;
  /** Only S3 buckets have one. */
  bucketArn?: pulumi.Output<string>;
  region: pulumi.Input<string>;
  /** Undefined for S3, whose clients know the way. */
  endpoint?: pulumi.Input<string>;
  addressing: 'virtual' | 'path';
  /** `when-required` for services that do not know every checksum that the AWS SDK adds by default. */
  checksums: 'when-supported' | 'when-required';
  /** Whether writes may have the conditions If-None-Match and If-Match, which keep workers from making a part twice. */
  conditionalWrites: boolean;
  /** Undefined: the task's own role opens the bucket. */
  credentials?: { accessKeyId: pulumi.Input<string>; secretAccessKey: pulumi.Input<string> };
  /** Where viewers reach the bucket, without a trailing slash. */
  publicUrl?: pulumi.Output<string>;
  /** Where the CNAME of `deliveryDomain` must lead, if its owner has to set that. */
  deliveryTarget?: pulumi.Output<string>;
  /** IAM statements that the task needs. */
  statements: PolicyStatement[];
  /** Where its owner looks at the bucket in a browser. */
  consoleUrl: pulumi.Output<string>;
}

/** As IAM's JSON has it. */
export interface PolicyStatement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: pulumi.Input<string>[];
}
