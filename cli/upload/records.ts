import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A file as it was when its upload began, and where it goes. */
export interface FileVersion {
  bucket: string;
  key: string;
  path: string;
  sizeBytes: number;
  mtimeMs: number;
  partBytes: number;
}

const recordSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  path: z.string(),
  sizeBytes: z.number(),
  mtimeMs: z.number(),
  partBytes: z.number(),
  uploadId: z.string().min(1),
  /** Those that the storage has, in the order in which they came there. */
  parts: z.array(
    z.object({ number: z.number().int().min(1), etag: z.string(), crc32: z.string().optional() }),
  ),
});

/** An upload that has not ended. */
export type UploadRecord = z.infer<typeof recordSchema>;

/**
 * Uploads that have not ended, one file each. The storage could list an upload's parts itself; that would take one more
 * right for everyone who uploads (`s3:ListMultipartUploadParts`).
 */
export interface UploadRecords {
  /** Undefined where there is none of this very version. */
  find(version: FileVersion): Promise<UploadRecord | undefined>;
  save(record: UploadRecord): Promise<void>;
  forget(version: FileVersion): Promise<void>;
}

/** Farms end unfinished uploads after two days, and other buckets when their owners say so. */
const keptDays = 14;

/** @param endpoint tells buckets of one name apart: "" is AWS */
export async function openUploadRecords(folder: string, endpoint: string): Promise<UploadRecords> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeOld(folder);
  const pathOf = ({ bucket, key, path }: FileVersion) => {
    const name = createHash('sha256').update(JSON.stringify([endpoint, bucket, key, path]));
    return join(folder, `${name.digest('hex').slice(0, 32)}.json`);
  };
  let writing = Promise.resolve();
  return {
    async find(version) {
      const text = await readFile(pathOf(version), 'utf8').catch(() => '');
      const record = parse(text);
      const same = record && record.sizeBytes === version.sizeBytes && record.mtimeMs === version.mtimeMs;
      return same && record.partBytes === version.partBytes ? record : undefined;
    },
    save(record) {
      const text = JSON.stringify(record);
      const path = pathOf(record);
      // One after the other, or an older state could come last; renamed, or a kill could leave half of one.
      writing = writing.then(async () => {
        await writeFile(`${path}.new`, text, { mode: 0o600 });
        await rename(`${path}.new`, path);
      });
      return writing;
    },
    async forget(version) {
      await rm(pathOf(version), { force: true });
    },
  };
}

function parse(text: string): UploadRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function removeOld(folder: string): Promise<void> {
  const oldest = Date.now() - keptDays * 24 * 3600 * 1000;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < oldest) await rm(path, { force: true });
  }
}
