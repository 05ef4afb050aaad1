import type { IncomingHttpHeaders } from 'node:http';

/** What is used here of a route of Fastify, of its request and of its reply. */
export interface Route {
  method: string | string[];
  url: string;
  bodyLimit?: number;
  handler: Handler;
}

type Handler = (request: ObjectRequest, reply: Answer) => unknown;

interface ObjectRequest {
  headers: IncomingHttpHeaders;
  query: Readonly<Record<string, unknown>>;
  params: { bucket?: string; '*'?: string };
}

interface Answer {
  getHeader?(name: string): unknown;
  header(name: string, value: unknown): Answer;
  status(code: number): Answer;
  send(body?: string): Answer;
}

/** S3's error for a condition that does not hold, as its reference has it. */
interface Refusal {
  status: 404 | 412;
  code: 'NoSuchKey' | 'PreconditionFailed';
  message: string;
}

/**
 * Gives fauxqs the conditional writes of S3: `If-None-Match: *` and `If-Match` on PutObject and CompleteMultipartUpload,
 * and `If-Match` on DeleteObject (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html). Atomic,
 * because fauxqs answers each request without awaiting anything, and the check runs in the same turn of the event loop.
 *
 * S3 also answers 409 ConditionalRequestConflict, when two such requests to a key overlap; here none do.
 *
 * @returns sees each route of a server before it is registered
 */
export function conditionalWrites(): (route: Route) => void {
  let head: Handler | undefined;
  return (route) => {
    if (route.url !== '/:bucket/*') return;
    if (route.method === 'HEAD') head = route.handler;
    if (route.method !== 'PUT' && route.method !== 'POST' && route.method !== 'DELETE') return;
    const { handler } = route;
    route.handler = (request, reply) => {
      const refusal = isWholeObject(route.method, request) ? check(request, head) : undefined;
      if (refusal === undefined) return handler(request, reply);
      const { status, code, message } = refusal;
      reply.header('content-type', 'application/xml').status(status);
      return reply.send(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
    };
  };
}

/** A put, a deletion, or the end of an upload in parts, and neither a part nor a rename. */
function isWholeObject(method: Route['method'], { query }: ObjectRequest): boolean {
  if (method === 'DELETE') return query.uploadId === undefined;
  return method === 'PUT'
    ? query.partNumber === undefined && !('renameObject' in query)
    : query.uploadId !== undefined;
}

function check(request: ObjectRequest, head: Handler | undefined): Refusal | undefined {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  const etag = etagOf(request, head);
  if (ifNoneMatch !== undefined && etag !== undefined) return preconditionFailed;
  if (ifMatch === undefined) return undefined;
  if (etag === undefined)
    return { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' };
  return unquoted(ifMatch) === unquoted(etag) ? undefined : preconditionFailed;
}

const preconditionFailed: Refusal = {
  status: 412,
  code: 'PreconditionFailed',
  message: 'At least one of the pre-conditions you specified did not hold',
};

/** Asks the route for HEAD, which answers at once. Undefined where there is no such object. */
function etagOf({ params }: ObjectRequest, head: Handler | undefined): string | undefined {
  const headers = new Map<string, unknown>();
  const answer: Answer = {
    header(name, value) {
      headers.set(name, value);
      return answer;
    },
    status: () => answer,
    send: () => answer,
  };
  head?.({ params, headers: {}, query: {} }, answer);
  const etag = headers.get('etag');
  return etag === undefined ? undefined : String(etag);
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}
