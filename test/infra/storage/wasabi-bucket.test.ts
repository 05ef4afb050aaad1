import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compileFunction } from 'node:vm';
import { ListBucketsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as pulumi from '@pulumi/pulumi';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corsRule } from '../../../infra/storage/cors.ts';
import { wasabiProvider } from '../../../infra/storage/wasabi-bucket.ts';
import { startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';

type Provider = typeof wasabiProvider;

/** As Pulumi does it: the functions become text, and the text becomes functions where nothing of this file is known. */
async function revived(): Promise<Provider> {
  const { text, exportName } = await pulumi.runtime.serializeFunction(() => wasabiProvider);
  const exported: Record<string, () => Provider> = {};
  compileFunction(text, ['exports'])(exported);
  const provider = exported[exportName]?.();
  if (!provider) throw new Error(`the saved text exports no ${exportName}`);
  return provider;
}

describe('the provider of Wasabi buckets, from its saved text', () => {
  let cloud: Awaited<ReturnType<typeof startFauxqs>>;
  let provider: Provider;
  let s3: S3Client;
  let inputs: Parameters<Provider['create']>[0];

  beforeAll(async () => {
    cloud = await startFauxqs({ port: 0, logger: false });
    const endpoint = `http://127.0.0.1:${cloud.port}`;
    inputs = {
      prefix: 'farm-output-',
      region: 'us-east-1',
      endpoint,
      accessKeyId: 'test',
      secretAccessKey: 'test',
    };
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    provider = await revived();
  });
  afterAll(async () => {
    s3.destroy();
    await cloud.stop();
  });
  const bucketNames = async () =>
    (await s3.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name);

  it('makes a bucket with a name of its own, empties it by a thousand objects a call, and removes it', async () => {
    const { id, outs } = await provider.create(inputs);
    expect(id).toMatch(/^farm-output-[0-9a-f]{8}$/);
    expect(outs).toEqual(inputs);
    expect(await bucketNames()).toEqual([id]);
    for (let index = 0; index < 130; index++) {
      await s3.send(new PutObjectCommand({ Bucket: id, Key: `${index}.m4s`, Body: 'x' }));
    }
    expect((await s3.send(new ListObjectsV2Command({ Bucket: id }))).KeyCount).toBe(130);
    await using proxy = await startFaultProxy(inputs.endpoint);
    await provider.delete(id, { ...inputs, endpoint: proxy.url });
    expect(await bucketNames()).toEqual([]);
    // Two listings, one deletion of all that is there, and the bucket's own.
    expect(proxy.requests.map((line) => line.replace(/[?&]x-id=\w+/, ''))).toEqual([
      `GET /${id}/?list-type=2`,
      `POST /${id}/?delete=`,
      `GET /${id}/?list-type=2`,
      `DELETE /${id}/`,
    ]);
  });

  it('changes keys and origins in place, and asks for another bucket only in another region', async () => {
    const diff = (changes: object) => provider.diff('bucket', inputs, { ...inputs, ...changes });
    expect(await diff({})).toEqual({ changes: false, replaces: [] });
    expect(await diff({ accessKeyId: 'new' })).toEqual({ changes: true, replaces: [] });
    expect(await diff({ cors: corsRule({ side: 'source', corsOrigins: [] }) })).toEqual({
      changes: true,
      replaces: [],
    });
    expect(await diff({ prefix: 'other', endpoint: 'https://elsewhere' })).toEqual({
      changes: false,
      replaces: [],
    });
    expect(await diff({ region: 'eu-central-2' })).toEqual({ changes: true, replaces: ['region'] });
  });

  it('lets the named sites read, with the checksum that S3 documents, and keeps the bucket when the service refuses that', async () => {
    const asked: string[] = [];
    const digests: boolean[] = [];
    const service = createServer((request, response) => {
      const { method, url = '', headers } = request;
      asked.push(`${method} ${url.replace(/-[0-9a-f]{8}/, '').replace(/[?&]x-id=\w+/, '')}`);
      const body = createHash('md5');
      request.on('data', (bytes: Buffer) => body.update(bytes));
      request.on('end', () => {
        if (url.includes('cors')) digests.push(headers['content-md5'] === body.digest('base64'));
        response.writeHead(url.includes('cors') ? 501 : 204).end();
      });
    }).listen(0);
    await once(service, 'listening');
    const { port } = service.address() as AddressInfo;
    const { id } = await provider.create({
      ...inputs,
      endpoint: `http://127.0.0.1:${port}`,
      cors: corsRule({ side: 'output', corsOrigins: ['https://www.example.com'] }),
    });
    service.close();
    expect(id).toMatch(/^farm-output-/);
    expect(new Set(asked)).toEqual(new Set(['PUT /farm-output/', 'PUT /farm-output/?cors=']));
    expect(new Set(digests)).toEqual(new Set([true]));
  });

  it('has its films deleted after so many days, or no more', async () => {
    const asked: string[] = [];
    const service = createServer((request, response) => {
      let body = '';
      request.on('data', (bytes: Buffer) => {
        body += bytes;
      });
      request.on('end', () => {
        const days = /<Days>(\d+)<\/Days>/.exec(body)?.[1] ?? '';
        asked.push(`${request.method} ${(request.url ?? '').replace(/[?&]x-id=\w+/, '')} ${days}`.trim());
        response.writeHead(request.method === 'DELETE' ? 204 : 200).end();
      });
    }).listen(0);
    await once(service, 'listening');
    const { port } = service.address() as AddressInfo;
    const at = { ...inputs, endpoint: `http://127.0.0.1:${port}` };
    await provider.update('films', { ...at, expireAfterDays: 0 }, { ...at, expireAfterDays: 30 });
    await provider.update('films', { ...at, expireAfterDays: 30 }, { ...at, expireAfterDays: 30 });
    await provider.update('films', { ...at, expireAfterDays: 30 }, { ...at, expireAfterDays: 0 });
    service.close();
    expect(asked).toEqual(['PUT /films/?lifecycle= 30', 'DELETE /films/?lifecycle=']);
    // Buckets of earlier versions have no such setting.
    expect(await provider.diff('films', at, { ...at, expireAfterDays: 0 })).toEqual({
      changes: false,
      replaces: [],
    });
    expect(await provider.diff('films', at, { ...at, expireAfterDays: 30 })).toEqual({
      changes: true,
      replaces: [],
    });
  });
});
