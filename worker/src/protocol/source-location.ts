/** Where a film is, as a job's `source` names it. */
export type SourceLocation = { kind: 's3'; bucket: string; key: string } | { kind: 'http'; url: URL };

/** `s3://bucket/key`, an http(s) URL, or else a key in the source bucket. Keys are taken as they are: nothing is decoded. */
export function parseSource(source: string, sourceBucket: string): SourceLocation {
  const s3 = /^s3:\/\/([^/]+)\/(.+)$/s.exec(source);
  if (s3?.[1] !== undefined && s3[2] !== undefined) return { kind: 's3', bucket: s3[1], key: s3[2] };
  if (/^https?:\/\//i.test(source) && URL.canParse(source)) return { kind: 'http', url: new URL(source) };
  return { kind: 's3', bucket: sourceBucket, key: source };
}

/** The source for reports: an http(s) URL without what may be secret in it (user, password, query). */
export function describeSource(source: string): string {
  if (!/^https?:\/\//i.test(source)) return source;
  const url = URL.parse(source);
  if (url !== null) return `${url.origin}${url.pathname}`;
  // Not a URL that can be read, but it may still hold a secret.
  return source.replace(/[?#].*$/s, '').replace(/^(https?:\/\/)[^/]*@/i, '$1');
}
