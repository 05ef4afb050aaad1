import { farmName } from '../names.ts';

/** The AWS provider takes no longer prefix of a bucket's name: it adds 26 letters. */
const maxPrefix = 37;

/**
 * How a bucket's name begins, such as `transcode-farm-dev-farm-output-`: whoever finds the bucket sees project, stack, farm and
 * use. In the letters that S3's rules allow.
 */
export function bucketPrefix(name: string): string {
  const words = farmName('')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const room = maxPrefix - name.length - 2;
  return `${words.slice(0, room).replace(/^-+|-+$/g, '')}-${name}-`.replace(/^-/, '');
}
