import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import { startStorage, type TestStorage } from '../worker/storage.ts';

/** Storage with the reporter's bucket `records`, and a client of it, for the tests of a file. Both are there once the tests run. */
export function useRecordStorage(): { storage: TestStorage; s3: S3Client } {
  const used = {} as { storage: TestStorage; s3: S3Client };
  beforeAll(async () => {
    used.storage = await startStorage();
    used.storage.bucket('records');
    used.s3 = new S3Client({
      endpoint: used.storage.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });
  afterAll(async () => {
    used.s3.destroy();
    await used.storage[Symbol.asyncDispose]();
  });
  return used;
}
