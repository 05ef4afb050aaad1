import { createHash, randomBytes } from 'node:crypto';
import { appendFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortMultipartUploadCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { partBytesFor } from '../../../cli/upload/parts.ts';
import {
  addressOf,
  farmCommand,
  saveAddress,
  startFarmCommand,
} from '../../helpers/local-farm/farm-command.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startLocalFarm, type TestFarm } from '../../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';

const partBytes = 16 * 2 ** 20;
/** Three parts, the last one short. */
const film = randomBytes(2 * partBytes + 1000);

let farm: TestFarm;
let proxy: FaultProxy;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;
let path: string;

beforeAll(async () => {
  farm = await startLocalFarm();
  proxy = await startFaultProxy(farm.env.SQS_ENDPOINT ?? '');
  folder = await temporaryFolder();
  file = await saveAddress(folder.path, { ...addressOf(farm), sourceEndpoint: proxy.url });
});

afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await farm.stop();
  await folder[Symbol.asyncDispose]();
});

let name = 'film-0.mp4';
beforeEach(async ({ task }) => {
  proxy.heal();
  name = `film-${task.id.replaceAll(/\W/g, '')}.mp4`;
  path = join(folder.path, name);
  await writeFile(path, film);
});

const args = () => ['submit', '--farm', file, '--json', name];
/** Numbers of the parts that were sent since `from`, and how many uploads were begun. */
const sent = (from: number) => {
  const requests = proxy.requests.slice(from).filter((request) => request.includes(name));
  return {
    begun: requests.filter((request) => /^POST .*\?uploads/.test(request)).length,
    parts: requests.flatMap((request) => /partNumber=(\d+)/.exec(request)?.[1] ?? []).sort(),
  };
};
/** The upload that is remembered on disk. */
async function remembered(): Promise<{ uploadId: string; parts: unknown[] } | undefined> {
  const uploads = join(folder.path, 'state', 'transcode-farm', 'uploads');
  const [record] = (await readdir(uploads)).filter((entry) => entry.endsWith('.jsonl'));
  if (record === undefined) return undefined;
  const lines = (await readFile(join(uploads, record), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { uploadId: lines[0].uploadId, parts: lines.filter((line) => 'part' in line) };
}
async function stored(): Promise<string> {
  const object = await farm.s3.send(new GetObjectCommand({ Bucket: farm.sourceBucket, Key: name }));
  return hash((await object.Body?.transformToByteArray()) ?? new Uint8Array());
}
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Ends an upload when all parts but the second are there. */
async function interrupt(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
  const { spoilt } = proxy;
  const from = proxy.requests.length;
  proxy.inject({ kind: 'hang' }, { match: ({ url }) => url.includes('partNumber=2') && url.includes(name) });
  const first = startFarmCommand(folder.path, args());
  await until(() => proxy.spoilt > spoilt && sent(from).parts.length === 3, 'the second part to hang', 20);
  await until(async () => (await remembered())?.parts.length === 2, 'the other two to be there', 20);
  first.child.kill(signal);
  const ended = await first.ended;
  if (signal === 'SIGINT') {
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('the same command goes on from there');
  }
  proxy.heal();
}

it.each(['SIGINT', 'SIGKILL'] as const)(
  'goes on with the missing part alone after %s',
  async (signal) => {
    await interrupt(signal);
    const from = proxy.requests.length;
    const ended = await farmCommand(folder.path, args());
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    expect(sent(from)).toEqual({ begun: 0, parts: ['2'] });
    expect(await stored()).toBe(hash(film));
    expect(await remembered()).toBeUndefined();
  },
  60_000,
);

it('begins again when the file has changed meanwhile', async () => {
  await interrupt();
  await appendFile(path, 'more');
  const from = proxy.requests.length;
  expect((await farmCommand(folder.path, args())).code).toBe(0);
  expect(sent(from)).toEqual({ begun: 1, parts: ['1', '2', '3'] });
  expect(await stored()).toBe(hash(Buffer.concat([film, Buffer.from('more')])));
}, 60_000);

it('begins again when the storage knows nothing of the upload any more', async () => {
  await interrupt();
  const from = proxy.requests.length;
  const UploadId = (await remembered())?.uploadId;
  await farm.s3.send(new AbortMultipartUploadCommand({ Bucket: farm.sourceBucket, Key: name, UploadId }));
  expect((await farmCommand(folder.path, args())).code).toBe(0);
  expect(sent(from)).toEqual({ begun: 1, parts: ['1', '2', '2', '3'] });
  expect(await stored()).toBe(hash(film));
  expect(await remembered()).toBeUndefined();
}, 60_000);

it('takes back what came of a file that changes while it goes up', async () => {
  const from = proxy.requests.length;
  // A second or so for the whole film.
  proxy.throttle(film.length);
  const running = startFarmCommand(folder.path, args());
  await until(() => sent(from).parts.length > 0, 'the first part', 40);
  await utimes(path, new Date(), new Date(0));
  proxy.throttle(undefined);
  const ended = await running.ended;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('changed while it was uploaded');
  expect(proxy.requests.slice(from).some((request) => request.startsWith('DELETE'))).toBe(true);
  expect(await remembered()).toBeUndefined();
}, 60_000);

it('has parts of 16 MiB, and never more than ten thousand of them', () => {
  expect(partBytesFor(20 * 2 ** 30)).toBe(16 * 2 ** 20);
  const terabytes = 5 * 2 ** 40;
  expect(partBytesFor(terabytes) % 2 ** 20).toBe(0);
  expect(Math.ceil(terabytes / partBytesFor(terabytes))).toBeLessThanOrEqual(10_000);
});
