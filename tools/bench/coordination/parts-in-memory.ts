import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';

/** What is used here of fauxqs' store of objects. */
interface ObjectStore {
  buckets: Map<string, Map<string, object>>;
  multipartUploads: Map<string, Upload>;
  multipartUploadsByBucket: Map<string, Set<string>>;
  createMultipartUpload(...given: unknown[]): string;
  completeMultipartUpload(uploadId: string, listed: readonly ListedPart[]): object;
}

interface Upload {
  bucket: string;
  key: string;
  contentType: string;
  contentDisposition?: string;
  cacheControl?: string;
  metadata: Record<string, string>;
  parts: Map<number, StoredPart>;
}

interface ListedPart {
  partNumber: number;
  etag: string;
}

/** What is used here of Fastify's instance, request and reply. */
export interface PartServer {
  addHook(
    name: 'preParsing',
    hook: (request: Request, reply: Reply, payload: AsyncIterable<Buffer>) => Promise<unknown>,
  ): void;
}

interface Request {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  raw: IncomingMessage;
}

interface Reply {
  raw: ServerResponse;
  hijack(): void;
}

/** A part as it came, and its CRC-32 as ETag. */
class StoredPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly chunks: readonly Buffer[];
  readonly lastModified = new Date();
  readonly sizeBytes: number;

  constructor(partNumber: number, crc32: string, chunks: readonly Buffer[]) {
    this.partNumber = partNumber;
    this.etag = `"${crc32}"`;
    this.chunks = chunks;
    this.sizeBytes = chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** For fauxqs, which says what is wrong with a list of parts. */
  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** S3's least, of all parts but the last. */
const minPartBytes = 5 * 2 ** 20;

/**
 * Has fauxqs, with storage in memory, take uploads in parts as real storage does: each part is checked while it comes, and an upload is
 * complete when all of its parts are known. By itself it copies each part twice, and hashes all of them a second time while
 * nothing else is answered: seconds for 2 GB, on a processor that the worker has for itself in the cloud. So ETags are CRCs here: an MD5
 * takes four times as long.
 *
 * @returns sees each server
 */
export async function keepPartsInMemory(): Promise<(server: PartServer) => void> {
  const uploads = new Map<string, Upload>();
  const root = dirname(findPackageJSON('fauxqs', import.meta.url) ?? '');
  const module = pathToFileURL(join(root, 'dist/s3/s3Store.js')).href;
  const { S3Store } = (await import(module)) as { S3Store: { prototype: ObjectStore } };
  const { createMultipartUpload, completeMultipartUpload } = S3Store.prototype;

  S3Store.prototype.createMultipartUpload = function (...given) {
    const id = createMultipartUpload.apply(this, given);
    const upload = this.multipartUploads.get(id);
    if (upload) uploads.set(id, upload);
    return id;
  };

  S3Store.prototype.completeMultipartUpload = function (uploadId, listed) {
    const upload = this.multipartUploads.get(uploadId);
    const parts = upload && partsOf(upload, listed);
    const objects = this.buckets.get(upload?.bucket ?? '');
    if (!upload || !parts || !objects) return completeMultipartUpload.call(this, uploadId, listed);
    const object = objectOf(upload, parts);
    objects.set(upload.key, object);
    uploads.delete(uploadId);
    this.multipartUploads.delete(uploadId);
    this.multipartUploadsByBucket.get(upload.bucket)?.delete(uploadId);
    return object;
  };

  return (server) => {
    server.addHook('preParsing', async ({ method, url, headers }, reply, payload) => {
      const query = new URL(url, 'http://local').searchParams;
      const number = Number(query.get('partNumber') ?? 0);
      const upload = uploads.get(query.get('uploadId') ?? '');
      if (method !== 'PUT' || number === 0 || !upload || headers['content-encoding']) return payload;
      let crc = 0;
      const chunks: Buffer[] = [];
      for await (const chunk of payload) {
        crc = crc32(chunk, crc);
        chunks.push(chunk);
      }
      const part = new StoredPart(number, crc.toString(16).padStart(8, '0'), chunks);
      const checksum = headers['x-amz-checksum-crc32'];
      reply.hijack();
      if (checksum !== undefined && checksum !== base64Of(crc)) {
        reply.raw.writeHead(400).end('<Error><Code>BadDigest</Code></Error>');
        return undefined;
      }
      upload.parts.set(number, part);
      reply.raw
        .writeHead(200, { etag: part.etag, ...(checksum && { 'x-amz-checksum-crc32': checksum }) })
        .end();
      return undefined;
    });
  };
}

/** As S3 has it: the four bytes, the highest first. */
function base64Of(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

/** Undefined where one of them is missing, is another, too small, or out of order. */
function partsOf({ parts }: Upload, listed: readonly ListedPart[]): StoredPart[] | undefined {
  const found = listed.flatMap(({ partNumber, etag }, index) => {
    const part = parts.get(partNumber);
    const isInOrder = partNumber > (listed[index - 1]?.partNumber ?? 0);
    return part?.etag === etag && isInOrder ? [part] : [];
  });
  const isWhole = found.length === listed.length && found.length > 0;
  return isWhole && found.slice(0, -1).every(({ sizeBytes }) => sizeBytes >= minPartBytes)
    ? found
    : undefined;
}

function objectOf(
  { key, contentType, contentDisposition, cacheControl, metadata }: Upload,
  parts: readonly StoredPart[],
): object {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(etag.slice(1, -1), 'hex'));
  let whole: Buffer | undefined;
  return {
    ...{ key, contentType, contentDisposition, cacheControl, metadata, lastModified: new Date() },
    contentLength: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    etag: `"${hash.digest('hex')}-${parts.length}"`,
    /** Joined when it is read first. */
    get body(): Buffer {
      whole ??= Buffer.concat(parts.flatMap(({ chunks }) => chunks));
      return whole;
    },
  };
}
