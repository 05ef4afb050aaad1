import { UploadPartCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { createClient, defaultTiming } from '../../../worker/src/storage/s3-client.ts';

it.each([
  ['http://127.0.0.1', 'when-supported', /^UNSIGNED-PAYLOAD$/],
  ['http://127.0.0.1', 'when-required', /^[0-9a-f]{64}$/],
  ['https://storage.example.com', 'when-supported', /^UNSIGNED-PAYLOAD$/],
  ['http://storage.example.com', 'when-supported', /^[0-9a-f]{64}$/],
] as const)('signs a part for %s with checksums %s as %s', async (endpoint, checksums, expected) => {
  const client = createClient(
    {
      ...{ bucket: 'films', region: 'us-east-1', endpoint, addressing: 'path', checksums },
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    defaultTiming,
  );
  const hashes: unknown[] = [];
  client.middlewareStack.add(
    () =>
      async ({ request }) => {
        hashes.push((request as { headers: Record<string, string> }).headers['x-amz-content-sha256']);
        throw new Error('not sent');
      },
    { step: 'deserialize', name: 'look' },
  );
  const Body = Buffer.from('part');
  const part = { Bucket: 'films', Key: 'film.mp4', UploadId: 'upload', PartNumber: 1, Body };
  await expect(client.send(new UploadPartCommand(part))).rejects.toThrow('not sent');
  expect(hashes).toEqual([expect.stringMatching(expected)]);
  client.destroy();
});
