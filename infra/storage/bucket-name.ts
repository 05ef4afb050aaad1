import * as pulumi from '@pulumi/pulumi';

/**
 * How a bucket's name begins, such as `transcode-farm-dev-output`: it tells project, stack and use to whoever finds the
 * bucket. In the letters that S3's rules allow, and short enough for a random end.
 */
export function bucketNameFor(use: string): string {
  const words = `${pulumi.getProject()}-${pulumi.getStack()}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `${words.slice(0, 50 - use.length).replace(/^-+|-+$/g, '')}-${use}`;
}
