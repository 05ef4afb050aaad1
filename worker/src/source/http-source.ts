import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { RefusedError } from '../errors.ts';
import { describeSource } from '../protocol/source-location.ts';
import { retrying } from '../storage/retry.ts';
import { canPass } from '../storage/s3-errors.ts';
import type { ObjectInfo } from '../storage/store.ts';
import { assertPublicHost, PrivateAddressError, publicLookup } from './public-address.ts';
import { type ByteRange, clip, type SourceObject } from './source.ts';

export interface HttpSourceOptions {
  allowPrivate: boolean;
  /** @default 150 */
  retrySeconds?: number;
  /** A connection without a byte for this long is given up. @default 30 */
  stallSeconds?: number;
}

const maxRedirects = 5;

/** Answers with another ETag and the same size that are taken for another mirror's. Of two mirrors, so many are seldom the same one. */
const maxLooks = 16;

interface Connecting extends HttpSourceOptions {
  agents: { http: HttpAgent; https: HttpsAgent };
}

/**
 * A film behind an http(s) URL. The server must answer range requests (RFC 9110 section 14); the version is held by
 * ETag, date and size, compared on each answer because weak ETags can't be used with If-Match.
 * @throws RefusedError `source-address`
 */
export function openHttpSource(address: string, options: HttpSourceOptions): SourceObject {
  const { retrySeconds = 150 } = options;
  const start = parseAddress(address);
  // No shared agent: it reuses by host name, and others may have connected without our lookup.
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  const name = nameOf(start);
  // Where the redirects led last. Signed addresses expire, and then the redirects are followed again.
  let target = start;
  const getRange = async (range: ByteRange, signal?: AbortSignal) => {
    if (target !== start) {
      const response = await getOnce(target, range, { ...options, agents }, signal).catch(
        (error: unknown) => {
          target = start;
          throw error;
        },
      );
      if (!isExpired(response)) return response;
      response.destroy();
    }
    const found = await get(start, range, { ...options, agents }, signal);
    target = found.url;
    return found.response;
  };

  const fetchRange = (range: ByteRange, signal?: AbortSignal) =>
    retrying(() => getRange(range, signal), {
      passes: canPass,
      forSeconds: retrySeconds,
      signal,
    }).catch((error: unknown) => {
      if (error instanceof PrivateAddressError) {
        throw new RefusedError('source-address', `The source "${name}" is out of bounds: ${error.message}`);
      }
      throw error;
    });

  return {
    name,
    // Mirrors of one address may give one film several ETags: another look from the start may meet the first one again.
    async describe(signal, plannedEtag) {
      for (let looks = 1; ; looks++) {
        const response = await fetchRange({ start: 0, end: 0 }, signal);
        response.destroy();
        const info = infoOf(name, response);
        if (plannedEtag === undefined || info.etag === plannedEtag || looks === maxLooks) return info;
        target = start;
      }
    },
    async readRange(range, info, signal) {
      for (let looks = 1; ; looks++) {
        const response = await fetchRange(range, signal);
        try {
          const now = infoOf(name, response);
          if (isSameVersion(now, info)) return response;
          if (now.sizeBytes !== info.sizeBytes || looks === maxLooks) throw replaced(name);
        } catch (error) {
          response.destroy();
          throw error;
        }
        response.destroy();
        target = start;
      }
    },
  };
}

/** Mirrors that differ in their ETags mostly agree on the date, and pass on a film's own. */
function isSameVersion(now: ObjectInfo, before: ObjectInfo): boolean {
  if (now.sizeBytes !== before.sizeBytes) return false;
  const modifiedAt = now.lastModified?.getTime();
  return (
    now.etag === before.etag || (modifiedAt !== undefined && modifiedAt === before.lastModified?.getTime())
  );
}

function replaced(name: string): RefusedError {
  return new RefusedError(
    'source-replaced',
    `The source "${name}" was replaced while it was read, or its servers give the same film different ETags.`,
  );
}

/** An address as errors may name it: user, password and query can be secrets. */
function nameOf({ origin, pathname }: URL): string {
  return clip(`${origin}${pathname}`);
}

/** A signed address or an edge node that has had its time. */
function isExpired({ statusCode = 0 }: IncomingMessage): boolean {
  return [400, 401, 403, 404, 410].includes(statusCode) || (statusCode >= 300 && statusCode < 400);
}

function parseAddress(address: string, base?: URL): URL {
  const url = URL.parse(address, base?.href);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new RefusedError(
      'source-address',
      `The source "${clip(describeSource(address))}" is not an address that can be read: expected an http(s) URL without user name and password.`,
    );
  }
  if (base?.protocol === 'https:' && url.protocol !== 'https:') {
    throw new RefusedError(
      'source-address',
      `The source "${clip(describeSource(base.href))}" redirects from https to http.`,
    );
  }
  return url;
}

async function get(
  address: URL,
  range: ByteRange,
  options: Connecting,
  signal?: AbortSignal,
): Promise<{ response: IncomingMessage; url: URL }> {
  let url = address;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await getOnce(url, range, options, signal);
    const { statusCode = 0, headers } = response;
    if (statusCode < 300) return { response, url };
    if (statusCode === 416) return { response, url };
    response.destroy();
    if (statusCode >= 400) throw refusalOf(url, statusCode);
    if (headers.location === undefined) break;
    url = parseAddress(headers.location, url);
  }
  throw new RefusedError(
    'source-address',
    `The source "${nameOf(address)}" redirects more than ${maxRedirects} times.`,
  );
}

function getOnce(
  url: URL,
  range: ByteRange,
  options: Connecting,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  if (!options.allowPrivate) assertPublicHost(url.hostname);
  const secure = url.protocol === 'https:';
  const request = (secure ? requestHttps : requestHttp)(url, {
    agent: secure ? options.agents.https : options.agents.http,
    headers: { range: `bytes=${range.start}-${range.end}`, 'accept-encoding': 'identity' },
    lookup: options.allowPrivate ? undefined : publicLookup,
    timeout: (options.stallSeconds ?? 30) * 1000,
    signal,
  });
  request.on('timeout', () =>
    request.destroy(Object.assign(new Error('no bytes came'), { code: 'ETIMEDOUT' })),
  );
  request.on('response', (response) => {
    const { statusCode = 0 } = response;
    // Trouble at the redirects' target is waited out there.
    if (statusCode < 500 && statusCode !== 408 && statusCode !== 429) return resolve(response);
    response.destroy();
    reject(refusalOf(url, statusCode));
  });
  request.on('error', reject);
  request.end();
  return promise;
}

function refusalOf(url: URL, status: number): Error {
  const name = nameOf(url);
  if (status === 404 || status === 410) {
    return new RefusedError('source-missing', `The source "${name}" does not exist (HTTP ${status}).`);
  }
  if (status >= 500 || status === 408 || status === 429) {
    return Object.assign(new Error(`The source "${name}" answers HTTP ${status}.`), { code: 'ECONNRESET' });
  }
  return new RefusedError('source-address', `The source "${name}" can't be read (HTTP ${status}).`);
}

/** @throws RefusedError `source-ranges` or `source-empty` */
function infoOf(name: string, { statusCode, headers }: IncomingMessage): ObjectInfo {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  if (total === '0' || (statusCode === 200 && headers['content-length'] === '0')) {
    throw new RefusedError('source-empty', `The source "${name}" is empty (0 bytes).`);
  }
  if (
    statusCode !== 206 ||
    total === undefined ||
    (headers['content-encoding'] ?? 'identity') !== 'identity'
  ) {
    throw new RefusedError(
      'source-ranges',
      `The source "${name}" can't be read in ranges: its server answered HTTP ${statusCode} instead of 206 with the film's length.`,
    );
  }
  const modified = headers['last-modified'];
  return {
    sizeBytes: Number(total),
    etag: headers.etag ?? `"${modified ?? ''}-${total}"`,
    contentType: headers['content-type'],
    lastModified: modified === undefined ? undefined : new Date(modified),
  };
}
