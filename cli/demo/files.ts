import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** Copies all objects under `prefix` into `dir`, under their keys. @returns number of files and their bytes */
export async function downloadAll(s3: S3Client, bucket: string, prefix: string, dir: string) {
  let [files, bytes] = [0, 0];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key: key } of page.Contents ?? []) {
      if (key === undefined) continue;
      const path = join(dir, key);
      if (!resolve(path).startsWith(resolve(dir) + sep)) continue;
      await mkdir(dirname(path), { recursive: true });
      const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      await pipeline(body as Readable, createWriteStream(path));
      files += 1;
      bytes += (await stat(path)).size;
    }
  }
  return { files, bytes };
}
