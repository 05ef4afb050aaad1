import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identities } from '../../../../cli/local-farm/rules/identities.ts';
import { allows } from '../../../../cli/local-farm/rules/policy.ts';
import type { RuleOptions } from '../../../../cli/local-farm/rules/rules.ts';
import { startStorage, type TestStorage } from '../../../helpers/worker/storage.ts';

let storage: TestStorage | undefined;
let identities: Identities;
const region = 'us-east-1';
const owner = { accessKeyId: 'AKIAOWNER', secretAccessKey: 'owner-secret' };
const account = 'us-east-1:000000000000';

beforeEach(() => {
  identities = new Identities();
  identities.addUser(owner.accessKeyId, owner.secretAccessKey);
});
afterEach(async () => {
  await storage?.[Symbol.asyncDispose]();
  storage = undefined;
});

async function start(rules: RuleOptions): Promise<string> {
  storage = await startStorage(rules);
  return storage.bucket('films').endpoint ?? '';
}
function clientOf(endpoint: string, credentials: S3ClientConfig['credentials'] = owner): S3Client {
  return new S3Client({ region, endpoint, credentials, forcePathStyle: true, maxAttempts: 1 });
}
const put = (Key: string, Body = 'x') => new PutObjectCommand({ Bucket: 'films', Key, Body });
const error = (httpStatusCode: number, name: string) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode }) });

describe('signatures', () => {
  it.each(['plain.mp4', "a b+c(1)!*'.mp4", 'späße/日本/100%.mp4', 'a//b/./c'])(
    'the SDK’s signature for the key %j holds',
    async (Key) => {
      const s3 = clientOf(await start({ identities }));
      await s3.send(put(Key, 'film'));
      const found = await s3.send(new GetObjectCommand({ Bucket: 'films', Key, Range: 'bytes=1-2' }));
      expect(await found.Body?.transformToString()).toBe('il');
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'films', Prefix: Key }));
      expect(Contents).toHaveLength(1);
    },
  );

  it('refuses a wrong secret, an unknown key, and a call without a signature', async () => {
    const endpoint = await start({ identities });
    const wrong = clientOf(endpoint, { ...owner, secretAccessKey: 'wrong' });
    await expect(wrong.send(put('a'))).rejects.toEqual(error(403, 'SignatureDoesNotMatch'));
    const unknown = clientOf(endpoint, { ...owner, accessKeyId: 'AKIANOBODY' });
    await expect(unknown.send(put('a'))).rejects.toEqual(error(403, 'InvalidAccessKeyId'));
    expect((await fetch(`${endpoint}/films/a`)).status).toBe(403);
  });

  it('refuses a body or a header that was changed on its way', async () => {
    const endpoint = await start({ identities });
    const tampered = async (
      change: (request: { body: unknown; headers: Record<string, string> }) => void,
    ) => {
      const command = put('a', 'film');
      command.middlewareStack.add(
        (next) => (args) => {
          change(args.request as never);
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
      );
      return clientOf(endpoint).send(command);
    };
    const body = tampered((request) => {
      request.body = 'evil';
    });
    await expect(body).rejects.toEqual(error(400, 'XAmzContentSHA256Mismatch'));
    const header = tampered(({ headers }) => {
      headers['x-amz-acl'] = 'public-read';
    });
    await expect(header).rejects.toEqual(error(403, 'AccessDenied'));
  });

  it('refuses a clock that is an hour off, and the SDK sets its own by the answer', async () => {
    const endpoint = await start({ identities });
    const s3 = new S3Client({
      ...{ region, endpoint, credentials: owner, forcePathStyle: true, maxAttempts: 1 },
      systemClockOffset: 3_600_000,
    });
    await expect(s3.send(put('a'))).rejects.toEqual(error(403, 'RequestTimeTooSkewed'));
    await s3.send(put('a'));
  });

  it('takes a presigned URL until it expires, and none for another object or method', async () => {
    const endpoint = await start({ identities });
    const s3 = clientOf(endpoint);
    await s3.send(put('a b.mp4', 'film'));
    const url = await presign(s3, endpoint, '/films/a b.mp4', 60);
    expect(await (await fetch(url)).text()).toBe('film');
    expect((await fetch(url.replace('a%20b', 'c'))).status).toBe(403);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(url.replace('Expires=60', 'Expires=600'))).status).toBe(403);
    const hourAgo = new Date(Date.now() - 3_600_000);
    const expired = await fetch(await presign(s3, endpoint, '/films/a b.mp4', 60, hourAgo));
    expect(expired.status).toBe(403);
    expect(await expired.text()).toContain('Request has expired');
  });

  it('holds for SQS and SNS too, whose errors have their own names', async () => {
    const endpoint = await start({ identities });
    storage?.server.createQueue('jobs');
    storage?.server.createTopic('films');
    const send = new SendMessageCommand({
      QueueUrl: `${endpoint}/000000000000/jobs`,
      MessageBody: 'a film: "ü"',
    });
    const publish = new PublishCommand({ TopicArn: `arn:aws:sns:${account}:films`, Message: 'ü & 1+1=2' });
    const options = { region, endpoint, maxAttempts: 1 };
    const right = { ...options, credentials: owner };
    await new SQSClient(right).send(send);
    await new SNSClient(right).send(publish);
    const wrong = { ...options, credentials: { ...owner, secretAccessKey: 'wrong' } };
    await expect(new SQSClient(wrong).send(send)).rejects.toEqual(error(403, 'InvalidSignatureException'));
    await expect(new SNSClient(wrong).send(publish)).rejects.toEqual(error(403, 'SignatureDoesNotMatch'));
  });
});

describe('sessions', () => {
  it('end: what was issued for a while is refused as ExpiredToken afterwards', async () => {
    const endpoint = await start({ identities });
    identities.addRole('owner', [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }]);
    const session = (seconds: number) => {
      const { AccessKeyId, SecretAccessKey, Token } = identities.issue('owner', seconds);
      return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token };
    };
    await clientOf(endpoint, session(60)).send(put('a'));
    await expect(clientOf(endpoint, session(-1)).send(put('a'))).rejects.toEqual(error(400, 'ExpiredToken'));
    const { sessionToken: _, ...withoutToken } = session(60);
    await expect(clientOf(endpoint, withoutToken).send(put('a'))).rejects.toEqual(error(400, 'InvalidToken'));
  });
});

describe('rights', () => {
  const worker = { accessKeyId: 'AKIAWORKER', secretAccessKey: 'worker-secret' };
  const allow = (Action: string | string[], Resource: string) => ({
    Effect: 'Allow' as const,
    Action,
    Resource,
  });

  it('are those of the policies, for each object and action', async () => {
    const Statement = [
      allow(['s3:GetObject', 's3:PutObject'], 'arn:aws:s3:::films/made/*'),
      { ...allow('s3:*', 'arn:aws:s3:::films/made/secret-?.json'), Effect: 'Deny' as const },
    ];
    identities.addUser(worker.accessKeyId, worker.secretAccessKey, [{ Statement }]);
    const endpoint = await start({ identities });
    const s3 = clientOf(endpoint, worker);
    const denied = error(403, 'AccessDenied');
    await s3.send(put('made/a.mp4'));
    await expect(s3.send(put('a.mp4'))).rejects.toEqual(denied);
    await expect(s3.send(put('made/secret-1.json'))).rejects.toEqual(denied);
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'films' }))).rejects.toEqual(denied);
    const head = new HeadObjectCommand({ Bucket: 'films', Key: 'a.mp4' });
    await expect(s3.send(head)).rejects.toEqual(error(403, 'Unknown'));
    const Objects = [{ Key: 'made/a.mp4' }];
    const remove = new DeleteObjectsCommand({ Bucket: 'films', Delete: { Objects } });
    await expect(s3.send(remove)).rejects.toEqual(denied);
    await clientOf(endpoint).send(remove);
  });

  it('can’t be decided where a condition holds, and say so', async () => {
    const Statement = [{ ...allow('s3:PutObject', '*'), Condition: { Bool: {} } }];
    expect(() => allows([{ Statement }], 's3:PutObject', 'arn:aws:s3:::films/a')).toThrow('depends on');
    expect(allows([{ Statement }], 's3:GetObject', 'arn:aws:s3:::films/a')).toBe(false);
  });
});

describe('limits', () => {
  it('of R2: the second write of a key within a second is answered 429', async () => {
    const s3 = clientOf(await start({ limitWrites: true }));
    await s3.send(put('a'));
    await s3.send(put('b'));
    await expect(s3.send(put('a'))).rejects.toEqual(error(429, 'TooManyRequests'));
  });

  it('of S3: more requests below one prefix than it takes in a second are answered 503', async () => {
    const s3 = clientOf(await start({ prefixRate: 5 }));
    const writes = Array.from({ length: 8 }, (_, index) => s3.send(put(`one/${index}`)));
    const refused = (await Promise.allSettled(writes)).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused).toEqual(refused.map(() => expect.objectContaining({ reason: error(503, 'SlowDown') })));
    await s3.send(put('two/1'));
  });
});

describe('answers', () => {
  it('that are lost: what was asked is done', async () => {
    const endpoint = await start({ lostEvery: 2 });
    const s3 = clientOf(endpoint);
    await s3.send(put('a'));
    await expect(s3.send(put('b'))).rejects.toMatchObject({ code: 'ECONNRESET' });
    await s3.send(new HeadObjectCommand({ Bucket: 'films', Key: 'b' }));
  });

  it('that never come', async () => {
    const s3 = clientOf(await start({ silentEvery: 2 }));
    await s3.send(put('a'));
    const abortSignal = AbortSignal.timeout(300);
    await expect(s3.send(put('b'), { abortSignal })).rejects.toThrow('aborted');
  });
});

/** By the SDK's own signer. */
async function presign(s3: S3Client, endpoint: string, path: string, expiresIn: number, signingDate?: Date) {
  const { hostname, port, host } = new URL(endpoint);
  const signer = (await s3.config.signer()) as unknown as {
    presign(request: object, options: object): Promise<{ query: Record<string, string> }>;
  };
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const request = {
    ...{ method: 'GET', protocol: 'http:', hostname, port: Number(port), path: encoded },
    headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    query: {},
  };
  const { query } = await signer.presign(request, { expiresIn, signingDate });
  return `${endpoint}${encoded}?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`;
}
