import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Reply, Request } from './fauxqs-tuning.ts';

/**
 * Objects of the source bucket that are files of this machine, read where they lie: fauxqs holds a whole object in memory,
 * and none over 2 GiB. A file that changes is another object, as in S3; deleting the object leaves the file alone.
 */
export class LinkedFilms {
  readonly #paths = new Map<string, string>();

  link(bucket: string, key: string, path: string): void {
    this.#paths.set(`${bucket}/${key}`, path);
  }

  /** Answers GET, HEAD and DELETE of a linked object; leaves all else to fauxqs. */
  async answer({ method, url, headers }: Request, reply: Reply): Promise<Reply | undefined> {
    const name = decodeURIComponent(new URL(url, 'http://local').pathname.slice(1));
    const path = this.#paths.get(name);
    if (path === undefined) return undefined;
    if (method !== 'GET' && method !== 'HEAD' && method !== 'DELETE') return undefined;
    // A file that is gone is not an object either.
    const film = await describeFilm(path).catch(() => undefined);
    if (film === undefined) return undefined;
    const { sizeBytes, etag, modified } = film;
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag) {
      return refuse(reply, 412, 'PreconditionFailed');
    }
    if (method === 'DELETE') {
      this.#paths.delete(name);
      return reply.code(204).send();
    }
    const { range } = headers;
    const [first, last] = range === undefined ? [0, sizeBytes - 1] : readRange(range, sizeBytes);
    if (last < first) return refuse(reply, 416, 'InvalidRange');
    reply.headers({
      'content-type': 'application/octet-stream',
      'content-length': last - first + 1,
      'accept-ranges': 'bytes',
      etag,
      'last-modified': modified.toUTCString(),
      ...(range && { 'content-range': `bytes ${first}-${last}/${sizeBytes}` }),
    });
    reply.code(range === undefined ? 200 : 206);
    return method === 'HEAD' ? reply.send() : reply.send(createReadStream(path, { start: first, end: last }));
  }
}

export interface FilmFile {
  sizeBytes: number;
  /** With quotes, as storage gives it. */
  etag: string;
  modified: Date;
}

/** A film on this machine as storage describes an object. */
export async function describeFilm(path: string): Promise<FilmFile> {
  const { size, mtime, mtimeMs } = await stat(path);
  return {
    sizeBytes: size,
    etag: `"${size.toString(16)}.${Math.trunc(mtimeMs).toString(16)}"`,
    modified: mtime,
  };
}

function refuse(reply: Reply, status: number, code: string): Reply {
  reply.headers({ 'content-type': 'application/xml' });
  return reply.code(status).send(`<Error><Code>${code}</Code></Error>`);
}

/** First and last byte; the last before the first where nothing of the range is there. */
function readRange(range: string, sizeBytes: number): [first: number, last: number] {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (from === '') return [Math.max(0, sizeBytes - Number(to)), to === '' ? -1 : sizeBytes - 1];
  return [Number(from), Math.min(to === '' ? Number.POSITIVE_INFINITY : Number(to), sizeBytes - 1)];
}
