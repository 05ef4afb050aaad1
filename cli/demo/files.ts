import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { UserError } from '../errors.ts';

/** Size of a film on this machine. @throws UserError when it is not a file that can be read */
export async function filmSize(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UserError(`There is no film at ${path}.`);
  if (!found.isFile()) throw new UserError(`${path} is not a file. Give the path of one film.`);
  if (found.size === 0) throw new UserError(`${path} is empty (0 bytes).`);
  return found.size;
}

/**
 * Puts a file into a bucket, in parts of 16 MiB; `onShare` is told how much of it is there, 0 to 1.
 * @returns what names this version of the object
 */
export async function uploadFile(
  s3: S3Client,
  bucket: string,
  key: string,
  path: string,
  { signal, onShare }: { signal: AbortSignal; onShare: (share: number) => void },
): Promise<{ ETag?: string; VersionId?: string }> {
  const sizeBytes = await filmSize(path);
  const upload = new Upload({
    client: s3,
    partSize: 16 * 1024 ** 2,
    params: { Bucket: bucket, Key: key, Body: createReadStream(path) },
  });
  const abort = () => void upload.abort();
  signal.addEventListener('abort', abort, { once: true });
  upload.on('httpUploadProgress', ({ loaded = 0 }) => onShare(loaded / sizeBytes));
  try {
    return await upload.done();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

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
