import type { Route } from './conditional-writes.ts';

interface Part {
  number: number;
  etag: string;
  bytes: number;
}

/**
 * Gives fauxqs ListParts (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html), by which an upload goes on after a
 * reload, or in another browser. All parts are on one page: pages begin at a thousand, more than this storage can hold.
 *
 * @returns sees each route of a server before it is registered
 */
export function listParts(): (route: Route) => void {
  const uploads = new Map<string, Map<number, Part>>();
  return (route) => {
    if (route.url !== '/:bucket/*') return;
    const { method, handler } = route;
    route.handler = async (request, reply) => {
      const { uploadId, partNumber } = request.query;
      if (typeof uploadId !== 'string') return handler(request, reply);
      if (method === 'GET') return answer(uploads.get(uploadId), request, reply);
      const answered = await handler(request, reply);
      if (method === 'PUT' && typeof partNumber === 'string') {
        const parts = uploads.get(uploadId) ?? new Map<number, Part>();
        const etag = reply.getHeader?.('etag');
        const [number, bytes] = [Number(partNumber), Number(request.headers['content-length'] ?? 0)];
        if (typeof etag === 'string') uploads.set(uploadId, parts.set(number, { number, etag, bytes }));
      } else if (method !== 'PUT') {
        // Completed or given up.
        uploads.delete(uploadId);
      }
      return answered;
    };
  };
}

function answer(
  parts: ReadonlyMap<number, Part> | undefined,
  { query }: Parameters<Route['handler']>[0],
  reply: Parameters<Route['handler']>[1],
) {
  reply.header('content-type', 'application/xml');
  // An upload without a part is not known here: a new one has none to list.
  const rows = [...(parts?.values() ?? [])]
    .toSorted((a, b) => a.number - b.number)
    .map(
      ({ number, etag, bytes }) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${bytes}</Size></Part>`,
    );
  return reply
    .status(200)
    .send(
      `<ListPartsResult><UploadId>${query.uploadId}</UploadId><IsTruncated>false</IsTruncated>${rows.join('')}</ListPartsResult>`,
    );
}
