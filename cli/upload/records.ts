import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
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

const beginningSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  path: z.string(),
  sizeBytes: z.number(),
  mtimeMs: z.number(),
  partBytes: z.number(),
  uploadId: z.string().min(1),
  /** Of the job that the upload is for: a job that is sent twice is then one request. */
  requestId: z.string().min(1),
});
const partSchema = z.object({
  number: z.number().int().min(1),
  etag: z.string(),
  crc32: z.string().optional(),
  md5: z.string(),
});
const objectSchema = z.object({ etag: z.string(), versionId: z.string().optional() });
const lineSchema = z.union([z.object({ part: partSchema }), z.object({ object: objectSchema })]);

export type SentPart = z.infer<typeof partSchema>;
/** What names the version of an object that an upload became. */
export type UploadedObject = z.infer<typeof objectSchema>;

/** An upload whose job is not sent yet. */
export interface UploadRecord extends z.infer<typeof beginningSchema> {
  /** Those that the storage has, in the order in which they came there. */
  parts: SentPart[];
  /** Set when the upload is complete. */
  object?: UploadedObject;
}

/** Farms end unfinished uploads after a week, and other buckets when their owners say so. */
const keptDays = 14;

/**
 * Uploads whose job is not sent yet, one file each: a line for the beginning, one for each part, one for the end. So a
 * part costs one short write, however many there are. The storage could list an upload's parts itself; that would take
 * one more right for everyone who uploads (`s3:ListMultipartUploadParts`).
 */
export class UploadRecords {
  readonly #folder: string;
  readonly #endpoint: string;

  private constructor(folder: string, endpoint: string) {
    this.#folder = folder;
    this.#endpoint = endpoint;
  }

  /** @param endpoint distinguishes buckets of one name: "" is AWS */
  static async open(folder: string, endpoint: string): Promise<UploadRecords> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeOld(folder);
    return new UploadRecords(folder, endpoint);
  }

  /** Undefined when there is none of this very version. */
  async find(version: FileVersion): Promise<UploadRecord | undefined> {
    const record = parse(await readFile(this.#pathOf(version), 'utf8').catch(() => ''));
    const same = record && record.sizeBytes === version.sizeBytes && record.mtimeMs === version.mtimeMs;
    return same && record.partBytes === version.partBytes ? record : undefined;
  }

  async begin(version: FileVersion, uploadId: string, requestId: string): Promise<UploadRecord> {
    const path = this.#pathOf(version);
    const beginning = { ...version, uploadId, requestId };
    // Renamed, or a kill could leave half of one.
    await writeFile(`${path}.new`, `${JSON.stringify(beginning)}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return { ...beginning, parts: [] };
  }

  async addPart(record: UploadRecord, part: SentPart): Promise<void> {
    record.parts.push(part);
    await appendFile(this.#pathOf(record), `${JSON.stringify({ part })}\n`);
  }

  async complete(record: UploadRecord, object: UploadedObject): Promise<void> {
    record.object = object;
    await appendFile(this.#pathOf(record), `${JSON.stringify({ object })}\n`);
  }

  async forget(version: FileVersion): Promise<void> {
    await rm(this.#pathOf(version), { force: true });
  }

  #pathOf({ bucket, key, path }: FileVersion): string {
    const name = createHash('sha256').update(JSON.stringify([this.#endpoint, bucket, key, path]));
    return join(this.#folder, `${name.digest('hex').slice(0, 32)}.jsonl`);
  }
}

/** Lines that can't be read are left out: a kill may leave half of the last one, and its part is then sent again. */
function parse(text: string): UploadRecord | undefined {
  const [first, ...others] = text.split('\n').map(parseJson);
  const beginning = beginningSchema.safeParse(first).data;
  if (beginning === undefined) return undefined;
  const record: UploadRecord = { ...beginning, parts: [] };
  for (const other of others) {
    const line = lineSchema.safeParse(other).data;
    if (line === undefined) continue;
    if ('object' in line) record.object = line.object;
    else if (!record.parts.some(({ number }) => number === line.part.number)) record.parts.push(line.part);
  }
  return record;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
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
