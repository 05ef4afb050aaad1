import type { Reply, Request } from './fauxqs-tuning.ts';

/**
 * What browsers need of storage, and fauxqs lacks. Its buckets allow what the program's CORS rules allow in the cloud: pages of
 * this machine read films, and send the parts of uploads and read their ETags.
 *
 * Presigned downloads have the file name that their link says (`response-content-disposition`).
 */
export async function allowBrowsers(request: Request, reply: Reply): Promise<Reply | undefined> {
  const { origin } = request.headers;
  const disposition = new URL(request.url, 'http://local').searchParams.get('response-content-disposition');
  if (disposition !== null) reply.headers({ 'content-disposition': disposition });
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

function isLocal(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && /^(127\.0\.0\.1|localhost)$/.test(url.hostname);
}
