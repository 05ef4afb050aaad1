import { timingSafeEqual } from 'node:crypto';
import { type Call, headerOf } from './call.ts';
import type { Identities, Identity } from './identities.ts';
import { expectedSignature, readSignature, type Signature, sha256, unsignedPayload } from './signature.ts';
import { type Refusal, refuse, serviceOf } from './verdict.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: RequestTimeTooSkewed */
const maxSkewSeconds = 15 * 60;
/** A week: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const maxPresignedSeconds = 7 * 24 * 3600;

/** Checks who calls: the key, the clock, the session, the signature, the body. In the order in which S3 does. */
export function authenticate(call: Call, identities: Identities, now: Date): Identity | Refusal {
  const read = readSignature(call);
  if (read === undefined) return refuse(403, 'AccessDenied', 'The request carries no signature.');
  const identity = identities.find(read.accessKeyId);
  if (identity === undefined) {
    const message = 'The AWS access key ID that you provided does not exist in our records.';
    return refuse(403, 'InvalidAccessKeyId', message);
  }
  return (
    checkTime(read, now) ??
    checkSession(read, identity, now) ??
    checkHeaders(call, read) ??
    checkSignature(call, read, identity) ??
    checkBody(call) ??
    identity
  );
}

function checkTime({ timestamp, scope, expiresSeconds }: Signature, now: Date): Refusal | undefined {
  const at = readTimestamp(timestamp);
  if (at === undefined || !timestamp.startsWith(scope.date))
    return refuse(403, 'SignatureDoesNotMatch', `The date ${timestamp} does not fit the credential scope.`);
  const ageSeconds = (now.getTime() - at.getTime()) / 1000;
  if (expiresSeconds === undefined ? Math.abs(ageSeconds) > maxSkewSeconds : -ageSeconds > maxSkewSeconds) {
    const message = 'The difference between the request time and the server’s time is too large.';
    return refuse(403, 'RequestTimeTooSkewed', message);
  }
  if (expiresSeconds === undefined) return undefined;
  if (!(expiresSeconds >= 1 && expiresSeconds <= maxPresignedSeconds))
    return refuse(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be 1 to 604800 seconds.');
  return ageSeconds > expiresSeconds ? refuse(403, 'AccessDenied', 'Request has expired') : undefined;
}

function checkSession({ token }: Signature, { session }: Identity, now: Date): Refusal | undefined {
  if (token !== session?.token)
    return refuse(400, 'InvalidToken', 'The provided token is malformed or otherwise not valid.');
  if (session !== undefined && now >= session.expiresAt)
    return refuse(400, 'ExpiredToken', 'The provided token has expired.');
  return undefined;
}

/** Whoever can change a header on its way could change what is asked, so those of AWS must be signed. */
function checkHeaders(call: Call, { signedHeaders }: Signature): Refusal | undefined {
  const names = Object.keys(call.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const unsigned = names.filter((name) => !signedHeaders.includes(name));
  if (unsigned.length === 0) return undefined;
  const message = `There were headers present in the request which were not signed: ${unsigned.join(', ')}`;
  return refuse(403, 'AccessDenied', message);
}

function checkSignature(call: Call, read: Signature, { secretAccessKey }: Identity): Refusal | undefined {
  const expected = Buffer.from(expectedSignature(call, read, secretAccessKey));
  const given = Buffer.from(read.signature);
  const isSigned = read.scope.service === serviceOf(call);
  if (isSigned && given.length === expected.length && timingSafeEqual(given, expected)) return undefined;
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  return refuse(403, 'SignatureDoesNotMatch', message);
}

function checkBody(call: Call): Refusal | undefined {
  const named = headerOf(call, 'x-amz-content-sha256');
  if (named === undefined || named === unsignedPayload || named.startsWith('STREAMING-')) return undefined;
  if (named === sha256(call.body)) return undefined;
  const message = 'The provided x-amz-content-sha256 header does not match what was computed.';
  return refuse(400, 'XAmzContentSHA256Mismatch', message);
}

function readTimestamp(timestamp: string): Date | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(timestamp);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
