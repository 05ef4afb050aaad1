import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { errorCodes } from '../../../worker/src/storage/error-codes.ts';
import { canPass, isSkewed } from '../../../worker/src/storage/s3-errors.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import type { Store } from '../../../worker/src/storage/store.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startStorage, type TestStorage } from '../../helpers/worker/storage.ts';

const headers = { contentType: 'text/plain', cacheControl: 'no-cache' };

/** What the services answer with each code, and how the store takes it: `again`, or the advice that it gives. */
const answers: Record<string, [status: number, taken: 'again' | RegExp]> = {
  SlowDown: [503, 'again'],
  Throttling: [400, 'again'],
  ThrottlingException: [400, 'again'],
  ThrottledException: [400, 'again'],
  RequestThrottled: [400, 'again'],
  RequestThrottledException: [400, 'again'],
  RequestLimitExceeded: [400, 'again'],
  RequestRateLimitExceeded: [400, 'again'],
  BandwidthLimitExceeded: [400, 'again'],
  TooManyRequests: [429, 'again'],
  TooManyRequestsException: [400, 'again'],
  ServiceUnavailable: [503, 'again'],
  TemporarilyUnavailable: [503, 'again'],
  InternalError: [500, 'again'],
  InternalFailure: [400, 'again'],
  RequestTimeout: [400, 'again'],
  RequestTimeoutException: [400, 'again'],
  TimeoutError: [400, 'again'],
  OperationAborted: [409, 'again'],
  ConditionalRequestConflict: [409, 'again'],
  ClientDisconnect: [400, 'again'],
  'KMS.ThrottlingException': [400, 'again'],
  'KMS.KMSInternalException': [400, 'again'],
  BadDigest: [400, 'again'],
  IncompleteBody: [400, 'again'],
  XAmzContentSHA256Mismatch: [400, 'again'],
  XAmzContentChecksumMismatch: [400, 'again'],
  RequestTimeTooSkewed: [403, 'again'],
  RequestExpired: [400, 'again'],
  ExpiredRequest: [400, 'again'],
  RequestInTheFuture: [403, 'again'],
  ExpiredToken: [400, 'again'],
  ExpiredTokenException: [400, 'again'],
  TokenRefreshRequired: [400, 'again'],
  CredentialsProviderError: [403, 'again'],
  TokenProviderError: [403, 'again'],
  NoSuchBucket: [404, /Check the bucket’s name, region and endpoint/],
  InvalidBucketName: [400, /Check the bucket’s name/],
  AuthorizationHeaderMalformed: [400, /in another region/],
  PermanentRedirect: [301, /in another region/],
  IllegalLocationConstraintException: [400, /in another region/],
  SignatureDoesNotMatch: [403, /Check the access key/],
  InvalidAccessKeyId: [403, /Check the access key/],
  InvalidToken: [400, /Check the access key/],
  Unauthorized: [401, /Check the access key/],
  AccountProblem: [403, /Ask the storage provider/],
  AllAccessDisabled: [403, /Ask the storage provider/],
  NotSignedUp: [403, /Ask the storage provider/],
  NotEntitled: [403, /Ask the storage provider/],
  InvalidPayer: [403, /Ask the storage provider/],
  'KMS.DisabledException': [400, /Enable the KMS key/],
  'KMS.NotFoundException': [400, /Enable the KMS key/],
  'KMS.KMSInvalidStateException': [400, /Enable the KMS key/],
  'KMS.InvalidKeyUsageException': [400, /Enable the KMS key/],
  NotImplemented: [501, /lacks a feature/],
  InvalidStorageClass: [400, /lacks a feature/],
  EntityTooLarge: [400, /larger than the service allows/],
  InvalidObjectState: [403, /archived: restore it first/],
};

let storage: TestStorage;
let proxy: FaultProxy;
let store: Store;

beforeAll(async () => {
  storage = await startStorage();
  proxy = await startFaultProxy(storage.endpoint);
  store = openStore(storage.bucket('films', proxy.url), { retrySeconds: 20 });
  await store.put('film', 'film', headers);
});
afterEach(() => proxy.heal());
afterAll(async () => {
  store.close();
  await proxy[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
});

it('has an expectation here for every code of the table', () => {
  expect(Object.keys(answers).sort()).toEqual(Object.keys(errorCodes).sort());
});

it.each(Object.entries(answers))('takes %s as its row says', async (code, [status, taken]) => {
  proxy.inject({ kind: 'status', status, code }, { times: 1 });
  const before = proxy.requests.length;
  const writing = store.put('other', 'text', headers);
  if (taken === 'again') {
    await writing;
    expect(proxy.requests.length - before).toBe(2);
  } else {
    await expect(writing).rejects.toThrow(taken);
    expect(proxy.requests.length - before).toBe(1);
  }
});

it('takes a code that it does not know by its HTTP status', async () => {
  proxy.inject({ kind: 'status', status: 503, code: 'Whatever' }, { times: 1 });
  await store.put('other', 'text', headers);
  proxy.inject({ kind: 'status', status: 418, code: 'Whatever' }, { times: 1 });
  await expect(store.put('other', 'text', headers)).rejects.toThrow('Whatever');
});

it('names the KMS key that the credentials may not use', async () => {
  const key = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const message = `User: arn:aws:sts::111122223333:assumed-role/worker/1 is not authorized to perform: kms:GenerateDataKey on resource: ${key} because no identity-based policy allows it`;
  proxy.inject({ kind: 'status', status: 403, code: 'AccessDenied', message });
  await expect(store.put('other', 'text', headers)).rejects.toThrow(
    `Allow kms:GenerateDataKey on the key ${key} to these credentials.`,
  );
});

it('takes a throttled call for one although the SDK has set its clock by the answer, as it does by each on a machine whose clock is off', () => {
  const answer = (name: string, httpStatusCode: number) =>
    Object.assign(new Error('an answer'), { name, $metadata: { httpStatusCode, clockSkewCorrected: true } });
  for (const [name, status] of [
    ['TooManyRequests', 429],
    ['SlowDown', 503],
    ['Unknown', 500],
  ] as const) {
    expect(canPass(answer(name, status)), name).toBe(true);
    expect(isSkewed(answer(name, status)), name).toBe(false);
  }
  // HEAD, whose answers have no body to name the error.
  expect(isSkewed(answer('Unknown', 403))).toBe(true);
});
