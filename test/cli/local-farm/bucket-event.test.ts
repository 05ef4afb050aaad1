import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bucketEvent } from '../../../cli/local-farm/bucket-event.ts';
import { decodeKey } from '../../../worker/src/protocol/source-event.ts';

const created = { bucket: 'films', sizeBytes: 7, etag: 'abc', region: 'us-east-1', at: new Date(0) };

it('encodes keys as S3 does', () => {
  const [record] = bucketEvent({ ...created, key: 'new films/ü (1)+%d.mp4' }).Records;
  expect(record?.s3.object.key).toBe('new+films/%C3%BC+%281%29%2B%25d.mp4');
});

it('is read back by the worker, whatever the key', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), (key) => {
      const [record] = bucketEvent({ ...created, key }).Records;
      expect(decodeKey(record?.s3.object.key ?? '')).toBe(key);
    }),
  );
});

it('reports uploads in parts by their own name', () => {
  const names = ['abc', 'abc-3'].map(
    (etag) => bucketEvent({ ...created, key: 'k', etag }).Records[0]?.eventName,
  );
  expect(names).toEqual(['ObjectCreated:Put', 'ObjectCreated:CompleteMultipartUpload']);
});
