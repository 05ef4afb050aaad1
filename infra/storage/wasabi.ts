import * as pulumi from '@pulumi/pulumi';
import type { BackendArgs, Storage } from './backend.ts';
import { bucketPrefix } from './bucket-name.ts';
import { corsRule } from './cors.ts';
import { WasabiBucket } from './wasabi-bucket.ts';
import { wasabiEndpoint } from './wasabi-regions.ts';

/**
 * A bucket of Wasabi, made here or found by name, opened by the access key of the settings.
 *
 * Wasabi announces uploads to AWS only by topics that are registered manually in its console, so with a Wasabi source jobs
 * are submitted by the app or the command line.
 *
 * Cost: storage, at least 1 TB a month, each object for at least 90 days; nothing for what viewers read, up to the size
 * of what is stored (https://wasabi.com/pricing).
 */
export class WasabiStorage extends pulumi.ComponentResource implements Storage {
  readonly bucket: pulumi.Output<string>;
  readonly region: string;
  readonly endpoint: string;
  readonly addressing = 'path';
  readonly checksums = 'when-required';
  /** Not documented by Wasabi: workers ask before and after they write instead. */
  readonly conditionalWrites = false;
  readonly credentials: { accessKeyId: pulumi.Output<string>; secretAccessKey: pulumi.Output<string> };
  readonly statements = [];
  readonly consoleUrl: pulumi.Output<string>;

  constructor(name: string, args: BackendArgs, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:storage:Wasabi', name, {}, opts);
    const { region, accessKeyId, secretAccessKey } = args.wasabi;
    if (!region || !accessKeyId || !secretAccessKey) {
      throw new Error(`Wasabi storage "${name}" needs a region and both halves of an access key.`);
    }
    this.region = region;
    this.endpoint = wasabiEndpoint(region);
    this.credentials = { accessKeyId, secretAccessKey };
    this.bucket = args.existing
      ? pulumi.output(args.existing)
      : new WasabiBucket(
          name,
          {
            prefix: bucketPrefix(name),
            region,
            endpoint: this.endpoint,
            ...this.credentials,
            cors: corsRule(args),
            expireAfterDays: args.side === 'output' ? args.expireAfterDays : 0,
          },
          { parent: this, retainOnDelete: args.keepBuckets },
        ).id;
    this.consoleUrl = pulumi.interpolate`https://console.wasabisys.com/#/file_manager/${this.bucket}?region=${region}`;
    this.registerOutputs({ bucket: this.bucket });
  }
}
