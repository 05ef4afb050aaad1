import { failureKind } from '../errors.ts';
import { type ErrorMeaning, errorCodes } from './error-codes.ts';
import { ArchivedObjectError, SourceChangedError, StorageError } from './errors.ts';

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

/** A clock that was set says something of a refusal alone: on a machine whose clock is off, each error comes with one. */
function meaningOf({ name, status, clockWasSet }: Facts): ErrorMeaning | undefined {
  if (Object.hasOwn(errorCodes, name)) return errorCodes[name];
  return clockWasSet && status === 403 ? errorCodes.RequestTimeTooSkewed : undefined;
}

export function statusOf(error: unknown): number | undefined {
  return factsOf(error).status;
}

/** No such object. A missing bucket is another matter, though its status is 404 too. */
export function isMissing(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return status === 404 && name !== 'NoSuchBucket';
}

/** For calls that a missing object answers too. @throws every other error again */
export function undefinedWhenMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** The object is in an archive class. Only S3 answers so. */
export function isArchived(error: unknown): boolean {
  return factsOf(error).name === 'InvalidObjectState';
}

/** The storage no longer has the upload: it was completed, aborted, or removed after some days. */
export function isUploadGone(error: unknown): boolean {
  return factsOf(error).name === 'NoSuchUpload';
}

/** The service does not take several deletions in one request, or not with the checksum that was sent. */
export function isBatchDeleteRejected(error: unknown): boolean {
  const { name, status } = factsOf(error);
  return (
    status === 501 ||
    status === 405 ||
    (status === 400 &&
      /^(MissingContentMD5|InvalidDigest|InvalidRequest|MalformedXML|NotImplemented)$/.test(name))
  );
}

/** Failures between here and the server, and too many open files, by Node's and libuv's codes. */
const passingSystemCodes =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENETRESET|ENOTFOUND|EAI_AGAIN|EPROTO|EMFILE|ENFILE|EADDRNOTAVAIL|HPE_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL_\w+|ERR_HTTP_\w+)$/;

/**
 * Whether the same request can succeed later: the table of error codes, the network, 5xx, throttling, and answers that
 * the protocol does not allow (a proxy's error page). 501 stays: the service has no such feature.
 */
export function canPass(error: unknown): boolean {
  if (failureKind(error) === 'refused') return false;
  if (error instanceof SourceChangedError || error instanceof ArchivedObjectError) return false;
  const facts = factsOf(error);
  const { name, message, code, status } = facts;
  const meaning = meaningOf(facts);
  if (meaning !== undefined) return meaning.passes;
  if (status === 408 || status === 429) return true;
  if (status !== undefined && status >= 500) return status !== 501;
  if (code !== undefined && passingSystemCodes.test(code)) return true;
  // A body that broke off, and an answer that is no XML. Other errors may quote a key, which may hold these words.
  if (name === 'Error' && /^(socket hang up|aborted|Premature close)/.test(message)) return true;
  // Bytes that were damaged on their way.
  if (message.startsWith('Checksum mismatch')) return true;
  if (message.includes('Deserialization error') && (status ?? 200) < 300) return true;
  return error instanceof Error && error.cause !== undefined && error.cause !== error && canPass(error.cause);
}

export function isSkewed(error: unknown): boolean {
  return meaningOf(factsOf(error))?.isSkew === true;
}

/** What happened, in a few words: `ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:1 (HTTP 503)`. */
export function brief(error: unknown): string {
  const { code, name, message, status } = factsOf(error);
  const words = [code ?? name, message].filter((text) => text && text !== 'UnknownError');
  return [...new Set(words)].join(': ') + (status === undefined ? '' : ` (HTTP ${status})`);
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
  return new StorageError(`Storage could not ${action} ${place}: ${brief(error)}.${advice(facts)}`, {
    bucket,
    key,
    status: facts.status,
    cause: error,
  });
}

function advice(facts: Facts): string {
  const { message, status } = facts;
  const kmsKey = /kms:(\w+).*?(arn:aws[\w-]*:kms:[^\s,;)]+)/.exec(message);
  if (kmsKey)
    return ` Allow kms:${kmsKey[1]} on the key ${kmsKey[2]?.replace(/[."']+$/, '')} to these credentials.`;
  const advice = meaningOf(facts)?.advice;
  if (advice !== undefined) return ` ${advice}`;
  if (status === 403)
    return ' Check the credentials’ rights; S3 also says so of a missing object to those who may not list the bucket.';
  if (status === 301) return ` ${errorCodes.PermanentRedirect?.advice}`;
  if (status === 501) return ` ${errorCodes.NotImplemented?.advice}`;
  return '';
}
