import type * as pulumi from '@pulumi/pulumi';
import type { StorageSettings } from '../settings/storage.ts';
import type { Storage } from '../storage/backend.ts';

/** Buckets on S3 that the farm makes. */
export function madeOnS3(
  { source, output }: StorageSettings,
  made: Record<'source' | 'output', Storage>,
): pulumi.Input<string>[] {
  const isMade = ({ backend, bucket }: StorageSettings['source']) => backend === 's3' && bucket === undefined;
  return [...(isMade(source) ? [made.source.bucket] : []), ...(isMade(output) ? [made.output.bucket] : [])];
}

/** Buckets on S3 that the farm uses and does not make. */
export function existingOnS3({ source, output }: StorageSettings): pulumi.Input<string>[] {
  const buckets = [source, output].flatMap(({ backend, bucket }) =>
    backend === 's3' && bucket !== undefined ? [bucket] : [],
  );
  return [...new Set(buckets)];
}
