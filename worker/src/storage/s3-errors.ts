import { failureKind } from '../errors.ts';
import { SourceChangedError, StorageError } from './errors.ts';

/** The parts of an SDK or socket error that say what happened. */
interface Facts {
  name: string;
  message: string;
  code?: string;
  status?: number;
  /** The SDK has set its clock by the answer. The only sign of a skewed clock on HEAD, whose answers have no body. */
  clockWasSet?: boolean;
}

function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { code, $metadata } = error as {
    code?: unknown;
    $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
  };
  return {
    name: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : undefined,
    status: $metadata?.httpStatusCode,
    clockWasSet: $metadata?.clockSkewCorrected,
  };
}

export function statusOf(error: unknown): number | undefined {
  return factsOf(error).status;
}

/** No such object. A missing bucket is another matter, though its status is 404 too. */
export function isMissing(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return status === 404 && name !== 'NoSuchBucket';
}

/** Names that S3 and its kin give to a request whose time stamp is too far from theirs (S3 allows 15 minutes). */
const skewNames = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);

/** Throttling names that come with a status below 500 (Amazon S3 API reference, "List of error codes"). */
const throttlingNames = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'RequestTimeout',
]);

/** Failures between here and the server, by Node's and libuv's codes. */
const networkCodes =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENETRESET|ENOTFOUND|EAI_AGAIN|EPROTO|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL_\w+|ERR_HTTP_\w+)$/;

/**
 * What can pass by itself: the network, 5xx, throttling, and answers that are not what the protocol allows (a proxy's
 * error page). 501 stays: the service has no such feature. A skewed clock is tried again because the SDK corrects its
 * own from the answer.
 */
export function canPass(error: unknown): boolean {
  if (failureKind(error) === 'refused' || error instanceof SourceChangedError) return false;
  const { name, message, code, status } = factsOf(error);
  if (isSkewed(error) || throttlingNames.has(name) || name === 'TimeoutError') return true;
  if (status === 408 || status === 429) return true;
  if (status !== undefined && status >= 500) return status !== 501;
  if (code !== undefined && networkCodes.test(code)) return true;
  // A body that broke off, and an answer that is no XML. Other errors may quote a key, which may hold these words.
  if (name === 'Error' && /^(socket hang up|aborted|Premature close)/.test(message)) return true;
  // Bytes that were damaged on their way.
  if (message.startsWith('Checksum mismatch')) return true;
  if (message.includes('Deserialization error') && (status ?? 200) < 300) return true;
  return error instanceof Error && error.cause !== undefined && error.cause !== error && canPass(error.cause);
}

export function isSkewed(error: unknown): boolean {
  const { name, clockWasSet } = factsOf(error);
  return skewNames.has(name) || clockWasSet === true;
}

/** Says what failed, where, and what to do about it where we know. */
export function explain(
  action: string,
  bucket: string,
  key: string | undefined,
  error: unknown,
): StorageError {
  const facts = factsOf(error);
  const place = key === undefined ? `bucket "${bucket}"` : `${JSON.stringify(key)} in bucket "${bucket}"`;
  const status = facts.status === undefined ? '' : ` (HTTP ${facts.status})`;
  const told = [facts.code ?? facts.name, facts.message].filter((text) => text && text !== 'UnknownError');
  return new StorageError(
    `Storage could not ${action} ${place}: ${[...new Set(told)].join(': ')}${status}.${advice(facts)}`,
    { bucket, key, status: facts.status, cause: error },
  );
}

function advice({ name, status, clockWasSet }: Facts): string {
  if (skewNames.has(name) || clockWasSet)
    return ' The clock of this machine differs from the storage’s by more than it allows: set it right (NTP).';
  if (name === 'NoSuchBucket') return ' Check the bucket’s name, region and endpoint.';
  if (name === 'SignatureDoesNotMatch' || name === 'InvalidAccessKeyId')
    return ' Check the access key and the region.';
  if (status === 403)
    return ' Check the credentials’ rights; S3 also says so of a missing object to those who may not list the bucket.';
  if (status === 301 || name === 'PermanentRedirect') return ' The bucket is in another region.';
  if (status === 501)
    return ' The service lacks a feature that was asked for: for R2 and Wasabi set checksums to "when-required".';
  return '';
}
