import { Problem } from '../http/problem.ts';
import { maxBodyBytes } from '../http/route.ts';
import type { Portal } from '../portal.ts';

/**
 * A request as a Lambda function URL sends it: payload format 2.0
 * (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads).
 */
export interface UrlEvent {
  rawPath: string;
  rawQueryString: string;
  /** Names in small letters; several values of a name are joined by commas. */
  headers: Record<string, string>;
  cookies?: string[];
  requestContext: { domainName: string; http: { method: string; sourceIp: string } };
  body?: string;
  isBase64Encoded: boolean;
}

export interface UrlAnswer {
  statusCode: number;
  headers: Record<string, string>;
  cookies: string[];
  body: string;
  isBase64Encoded: boolean;
}

/** Answers one request of a function URL. */
export async function answerUrl(portal: Pick<Portal, 'handle'>, event: UrlEvent): Promise<UrlAnswer> {
  const request = toRequest(event);
  // AWS adds the address that the connection comes from; no header of the client has a say in it.
  const { sourceIp } = event.requestContext.http;
  return toAnswer(request instanceof Request ? await portal.handle(request, sourceIp) : request);
}

/** @returns a refusal where a web request can't be made of it */
function toRequest(event: UrlEvent): Request | Response {
  const { domainName, http } = event.requestContext;
  const { method } = http;
  const query = event.rawQueryString === '' ? '' : `?${event.rawQueryString}`;
  const url = `https://${domainName}${event.rawPath}${query}`;
  if (!URL.canParse(url))
    return new Problem(400, 'invalid-address', 'The address of this request is not valid.').toResponse();
  if (!methods.has(method))
    return new Problem(405, 'method-not-allowed', `${method} is not allowed here.`, {
      allow: 'GET, POST, DELETE',
    }).toResponse();
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > maxBodyBytes)
    return new Problem(413, 'body-too-large', `The body is larger than ${maxBodyBytes} bytes.`).toResponse();
  const headers = new Headers(event.headers);
  if (event.cookies !== undefined) headers.set('cookie', event.cookies.join('; '));
  const hasBody = method !== 'GET' && method !== 'HEAD' && body.length > 0;
  return new Request(url, { method, headers, ...(hasBody && { body }) });
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

async function toAnswer(response: Response): Promise<UrlAnswer> {
  const { status, headers } = response;
  const body = Buffer.from(await response.arrayBuffer());
  const isText = textTypes.test(headers.get('content-type') ?? '');
  return {
    statusCode: status,
    headers: Object.fromEntries([...headers].filter(([name]) => name !== 'set-cookie')),
    cookies: headers.getSetCookie(),
    body: body.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

/** Everything that the portal answers itself is one of these; base64 would make it a third longer. */
const textTypes =
  /^(text\/|application\/([\w.-]+\+)?(json|xml)|application\/vnd\.apple\.mpegurl|image\/svg\+xml)/;
