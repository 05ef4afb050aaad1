import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import {
  assertPublicHost,
  PrivateAddressError,
  publicLookup,
} from '../../worker/src/source/public-address.ts';

/** How one try ended. */
export type WebhookAnswer =
  | { kind: 'status'; status: number; retryAfter?: string; body: string }
  | { kind: 'error'; error: Error }
  /** Never to be tried again. */
  | { kind: 'forbidden'; error: Error };

export interface WebhookRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
  allowPrivate: boolean;
  signal: AbortSignal;
  /** For the whole try; Standard Webhooks recommends 15 to 30. */
  timeoutSeconds: number;
}

/** What is read of an answer's body, for the log. */
const bodyLimitBytes = 4096;

/**
 * Posts once. Follows no redirect, reads at most 4 KiB of the answer, and connects to public addresses alone: the
 * address is checked at the moment of connecting, so a name that changes its address after a check gains nothing.
 */
export async function postWebhook(request: WebhookRequest): Promise<WebhookAnswer> {
  try {
    const url = checkedUrl(request.url, request.allowPrivate);
    const timeout = AbortSignal.timeout(request.timeoutSeconds * 1000);
    return await post(url, request, AbortSignal.any([request.signal, timeout]));
  } catch (error) {
    const cause = error as Error;
    if (cause instanceof PrivateAddressError || cause instanceof BadUrlError)
      return { kind: 'forbidden', error: cause };
    return { kind: 'error', error: cause };
  }
}

class BadUrlError extends Error {
  override readonly name = 'BadUrlError';
}

/** @throws BadUrlError or PrivateAddressError */
function checkedUrl(text: string, allowPrivate: boolean): URL {
  if (!URL.canParse(text)) throw new BadUrlError('The webhook is not a URL.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new BadUrlError(`The webhook's scheme is ${url.protocol}; only https: and http: are allowed.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new BadUrlError(
      'The webhook has a user or password in its URL; its signature is what proves the sender.',
    );
  }
  // Node looks up names only; an address in the URL would be connected to unseen.
  if (!allowPrivate) assertPublicHost(url.hostname);
  return url;
}

async function post(url: URL, request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = send(url, {
      method: 'POST',
      headers: { ...request.headers, 'content-length': Buffer.byteLength(request.body) },
      ...(request.allowPrivate ? {} : { lookup: publicLookup }),
      // A new connection each time: a kept one would skip the check of the address.
      agent: false,
      signal,
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
  const status = response.statusCode ?? 0;
  const retryAfter = response.headers['retry-after'];
  // The status alone decides, so a body that is slow, broken or endless changes nothing.
  const succeeded = status >= 200 && status < 300;
  const body = succeeded ? '' : await startOf(response);
  response.destroy();
  return { kind: 'status', status, body, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

async function startOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= bodyLimitBytes) break;
    }
  } catch {
    // What came is enough for a log line.
  }
  return Buffer.concat(chunks).subarray(0, bodyLimitBytes).toString();
}
