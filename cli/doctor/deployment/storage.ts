import { HeadBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import type { FarmSettings } from '../../../infra/settings/settings.ts';
import { plainText } from '../../../infra/settings/sources.ts';
import { wasabiEndpoint } from '../../../infra/storage/wasabi-regions.ts';
import { attempt, type Finding, failed, notAsked, ok } from '../finding.ts';

type StorageSettings = FarmSettings['storage'];

/** Existing S3 buckets of the stack must be in its region: S3 sends their events to no other. */
export function checkExistingBuckets(
  s3: S3Client,
  storage: StorageSettings,
  region: string,
): Promise<Finding[]> {
  const sides = (['source', 'output'] as const).flatMap((side) => {
    const { backend, ...choice } = storage[side];
    const bucket = plainText(choice.bucket);
    return backend === 's3' && bucket !== undefined ? [{ side, bucket }] : [];
  });
  return Promise.all(
    sides.map(({ side, bucket }) => {
      const name = `${side} bucket`;
      const fix = `Create the bucket, correct ${side}Bucket, or let this user read it.`;
      return attempt(name, fix, async () => {
        const { BucketRegion = region } = await s3.send(new HeadBucketCommand({ Bucket: bucket }));
        if (BucketRegion === region) return ok(name, `${bucket} is in ${region}`);
        return failed(
          name,
          `${bucket} is in ${BucketRegion}, and the stack in ${region}`,
          `pulumi config set aws:region ${BucketRegion}`,
        );
      });
    }),
  );
}

/** @param readSecret a secret of the stack's config, decrypted; undefined where Pulumi can't */
export async function checkWasabi(
  { source, output, wasabi }: StorageSettings,
  readSecret: (key: string) => Promise<string | undefined>,
): Promise<Finding[]> {
  const name = 'Wasabi';
  const { region } = wasabi;
  if ((source.backend !== 'wasabi' && output.backend !== 'wasabi') || !region) return [];
  const [accessKeyId, secretAccessKey] = await Promise.all(
    ['wasabiAccessKeyId', 'wasabiSecretAccessKey'].map(readSecret),
  );
  if (!accessKeyId || !secretAccessKey) {
    return [
      notAsked(
        name,
        "the stack's access key can't be decrypted here: is Pulumi installed, and PULUMI_CONFIG_PASSPHRASE set?",
      ),
    ];
  }
  const s3 = new S3Client({
    region,
    endpoint: wasabiEndpoint(region),
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const fix =
    'Make a key in the Wasabi console (Access Keys), then: pulumi config set --secret wasabiAccessKeyId; pulumi config set --secret wasabiSecretAccessKey';
  try {
    const key = await attempt(name, fix, async () => {
      const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
      return ok(name, `the key opens ${Buckets.length} buckets in ${region}`);
    });
    const existing = [
      ...new Set(
        [source, output]
          .filter(({ backend }) => backend === 'wasabi')
          .flatMap(({ bucket }) => plainText(bucket) ?? []),
      ),
    ];
    const buckets = existing.map((bucket) =>
      attempt(
        `bucket ${bucket}`,
        `Correct the bucket's name, or wasabiRegion: it is ${region}.`,
        async () => {
          await s3.send(new HeadBucketCommand({ Bucket: bucket }));
          return ok(`bucket ${bucket}`, `it is in ${region}, and the key opens it`);
        },
      ),
    );
    return [key, ...(key.state === 'ok' ? await Promise.all(buckets) : [])];
  } finally {
    s3.destroy();
  }
}
