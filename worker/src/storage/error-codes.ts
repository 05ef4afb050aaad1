/** What an error code means for the caller. */
export interface ErrorMeaning {
  /** Whether the same request can succeed later. */
  passes: boolean;
  /** A clock difference. The SDK corrects its clock from the answer, so one more try is enough. */
  isSkew?: true;
  /** What the owner can do. */
  advice?: string;
}

const later: ErrorMeaning = { passes: true };
/** The bytes were damaged or cut on their way. */
const sendAgain: ErrorMeaning = { passes: true };
const skewed: ErrorMeaning = {
  passes: true,
  isSkew: true,
  advice: 'The clock of this machine differs from the storage’s by more than it allows: set it right (NTP).',
};
/** A role's or a login's credentials are renewed outside this process. */
const login: ErrorMeaning = {
  passes: true,
  advice: 'The credentials have expired and no new ones came: log in again, or check the role.',
};
const stays = (advice: string): ErrorMeaning => ({ passes: false, advice });
const bucket = stays('Check the bucket’s name, region and endpoint.');
const accessKey = stays('Check the access key and the region.');
const account = stays('Ask the storage provider: the account is closed, unpaid or not signed up.');
const kmsKey = stays('Enable the KMS key that encrypts the bucket, and let the credentials use it.');
const otherRegion = stays('The bucket is in another region.');
const missingFeature = stays(
  'The service lacks a feature that was asked for: for R2 and Wasabi set checksums to "when-required"; set OUTPUT_CONDITIONAL_WRITES to false where writes may have no conditions.',
);
const tooLarge = stays('The object is larger than the service allows.');

/**
 * The services' error codes and the SDK's error names. Codes that are not listed are treated by their HTTP status.
 *
 * - Amazon S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * - R2: https://developers.cloudflare.com/r2/api/error-codes/
 * - Wasabi: https://docs.wasabi.com/docs/rest-error-responses
 */
export const errorCodes: Readonly<Record<string, ErrorMeaning>> = {
  SlowDown: later,
  Throttling: later,
  ThrottlingException: later,
  ThrottledException: later,
  RequestThrottled: later,
  RequestThrottledException: later,
  RequestLimitExceeded: later,
  RequestRateLimitExceeded: later,
  BandwidthLimitExceeded: later,
  TooManyRequests: later,
  TooManyRequestsException: later,
  ServiceUnavailable: later,
  TemporarilyUnavailable: later,
  InternalError: later,
  InternalFailure: later,
  RequestTimeout: later,
  RequestTimeoutException: later,
  TimeoutError: later,
  OperationAborted: later,
  ConditionalRequestConflict: later,
  ClientDisconnect: later,
  'KMS.ThrottlingException': later,
  'KMS.KMSInternalException': later,

  BadDigest: sendAgain,
  IncompleteBody: sendAgain,
  XAmzContentSHA256Mismatch: sendAgain,
  XAmzContentChecksumMismatch: sendAgain,

  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  ExpiredRequest: skewed,
  RequestInTheFuture: skewed,

  ExpiredToken: login,
  ExpiredTokenException: login,
  TokenRefreshRequired: login,
  CredentialsProviderError: login,
  TokenProviderError: login,

  NoSuchBucket: bucket,
  InvalidBucketName: bucket,
  AuthorizationHeaderMalformed: otherRegion,
  PermanentRedirect: otherRegion,
  IllegalLocationConstraintException: otherRegion,
  SignatureDoesNotMatch: accessKey,
  InvalidAccessKeyId: accessKey,
  InvalidToken: accessKey,
  Unauthorized: accessKey,
  AccountProblem: account,
  AllAccessDisabled: account,
  NotSignedUp: account,
  NotEntitled: account,
  InvalidPayer: account,
  'KMS.DisabledException': kmsKey,
  'KMS.NotFoundException': kmsKey,
  'KMS.KMSInvalidStateException': kmsKey,
  'KMS.InvalidKeyUsageException': kmsKey,
  NotImplemented: missingFeature,
  InvalidStorageClass: missingFeature,
  EntityTooLarge: tooLarge,
  InvalidObjectState: stays('The object is archived: restore it first.'),
};
