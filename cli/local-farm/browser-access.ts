import type { IncomingMessage } from 'node:http';
import type { Reply, Request } from './fauxqs-tuning.ts';

/**
 * What browsers need of storage, and fauxqs lacks. Its buckets allow what the program's CORS rules allow in the cloud: pages of
 * this machine read films, and send the parts of uploads and read their ETags.
 */
export async function allowBrowsers(request: Request, reply: Reply): Promise<Reply | undefined> {
  const { origin } = request.headers;
  if (origin === undefined || !isLocal(origin)) return undefined;
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'ETag, Content-Range, Content-Length',
    vary: 'Origin',
  });
  if (request.method !== 'OPTIONS') return undefined;
  reply.headers({
    'access-control-allow-methods': 'GET, HEAD, PUT',
    'access-control-allow-headers': 'content-type, range',
    'access-control-max-age': 3000,
  });
  return reply.code(200).send();
}

/** A presigned download has the file name that its link says, whatever is stored with the object. */
export async function nameDownload({ raw }: { raw: IncomingMessage }, reply: Reply, payload: unknown) {
  const disposition = new URL(raw.url ?? '/', 'http://local').searchParams.get(
    'response-content-disposition',
  );
  if (disposition !== null) reply.headers({ 'content-disposition': disposition });
  return payload;
}

function isLocal(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && /^(127\.0\.0\.1|localhost)$/.test(url.hostname);
}
