import type { IncomingHttpHeaders } from 'node:http';

/** A request as it came, before the emulator sees it. */
export interface Call {
  method: string;
  /** Path and query as they were sent, percent-encoded. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Path and query of a call's URL, still percent-encoded. */
export function splitUrl(url: string): { path: string; query: string } {
  const at = url.indexOf('?');
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

export function headerOf({ headers }: Pick<Call, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Names and values of the query, decoded. Unlike `URLSearchParams`, "+" is a plus: S3 reads it so. */
export function queryOf({ url }: Pick<Call, 'url'>): [name: string, value: string][] {
  const { query } = splitUrl(url);
  if (query === '') return [];
  return query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [decodeURIComponent(name), decodeURIComponent(value.join('='))];
  });
}

/** The bucket and the key that a call to S3 names by its path. */
export function objectOf({ url }: Pick<Call, 'url'>): { bucket: string; key: string } {
  const [, bucket = '', ...key] = splitUrl(url).path.split('/').map(decodeURIComponent);
  return { bucket, key: key.join('/') };
}
