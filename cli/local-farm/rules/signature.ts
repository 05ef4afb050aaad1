import { createHash, createHmac } from 'node:crypto';
import { type Call, headerOf, queryOf, splitUrl } from './call.ts';

/**
 * Signature Version 4, as AWS describes it for requests with an `Authorization` header and for presigned URLs:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export interface Signature {
  accessKeyId: string;
  scope: { date: string; region: string; service: string };
  signedHeaders: readonly string[];
  signature: string;
  /** Such as `20261128T190000Z`. */
  timestamp: string;
  /** Of temporary credentials. */
  token: string | undefined;
  /** Set for presigned URLs: for how long they hold. */
  expiresSeconds?: number;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** The signature that a call carries, in its header or in its query. Undefined where there is none that can be read. */
export function readSignature(call: Call): Signature | undefined {
  const header = headerOf(call, 'authorization');
  return header === undefined ? fromQuery(call) : fromHeader(call, header);
}

function fromHeader(call: Call, header: string): Signature | undefined {
  const match = new RegExp(
    `^${algorithm} Credential=([^,\\s]+),\\s*SignedHeaders=([^,\\s]+),\\s*Signature=([0-9a-f]{64})$`,
  ).exec(header);
  const timestamp = headerOf(call, 'x-amz-date');
  if (match === null || timestamp === undefined) return undefined;
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  const token = headerOf(call, 'x-amz-security-token');
  return readCredential(credential, { signedHeaders: signedHeaders.split(';'), signature, timestamp, token });
}

function fromQuery(call: Call): Signature | undefined {
  const query = new Map(queryOf(call));
  const get = (name: string) => query.get(`X-Amz-${name}`);
  const [signature, timestamp, expires] = [get('Signature'), get('Date'), get('Expires')];
  if (get('Algorithm') !== algorithm || !signature || !timestamp || !expires) return undefined;
  const signedHeaders = (get('SignedHeaders') ?? '').split(';');
  const common = { signedHeaders, signature, timestamp, token: get('Security-Token') };
  const read = readCredential(get('Credential') ?? '', common);
  return read && { ...read, expiresSeconds: Number(expires) };
}

function readCredential(
  credential: string,
  common: Omit<Signature, 'accessKeyId' | 'scope'>,
): Signature | undefined {
  const [accessKeyId, date, region, service, end, more] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || end !== 'aws4_request' || more !== undefined)
    return undefined;
  return { accessKeyId, scope: { date, region, service }, ...common };
}

/** What the signature of a call must be. */
export function expectedSignature(call: Call, read: Signature, secretAccessKey: string): string {
  const { date, region, service } = read.scope;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const hash = sha256(canonicalRequest(call, read));
  const text = [algorithm, read.timestamp, scope, hash].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return createHmac('sha256', key).update(text).digest('hex');
}

function canonicalRequest(call: Call, { signedHeaders, scope, expiresSeconds }: Signature): string {
  const isPresigned = expiresSeconds !== undefined;
  const headers = signedHeaders.map(
    (name) => `${name}:${(headerOf(call, name) ?? '').trim().replace(/ +/g, ' ')}\n`,
  );
  return [
    call.method,
    canonicalPath(splitUrl(call.url).path, scope.service),
    canonicalQuery(call),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash(call, scope.service, isPresigned),
  ].join('\n');
}

/** S3 takes the path as it is; all other services encode it once more. */
function canonicalPath(path: string, service: string): string {
  const parts = path.split('/');
  return parts.map((part) => encode(service === 's3' ? decodeURIComponent(part) : part)).join('/');
}

function canonicalQuery(call: Call): string {
  return queryOf(call)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map((pair) => pair.join('='))
    .join('&');
}

/** S3 has the hash in a header, so that it can check the signature before the body is there. */
function payloadHash(call: Call, service: string, isPresigned: boolean): string {
  const named = headerOf(call, 'x-amz-content-sha256');
  if (service === 's3') return named ?? (isPresigned ? unsignedPayload : '');
  return sha256(call.body);
}

/** The body of such a call is protected by TLS alone. */
export const unsignedPayload = 'UNSIGNED-PAYLOAD';

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** AWS's encoding of URIs: all but letters, digits and "-._~". */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
