import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkCloudflare } from '../../../../cli/doctor/deployment/cloudflare.ts';
import { readPlannedStack } from '../../../../cli/doctor/deployment/stack.ts';
import { checkWasabi } from '../../../../cli/doctor/deployment/storage.ts';
import { temporaryFolder } from '../../../helpers/media/clips.ts';

async function planned(yaml: string) {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'Pulumi.new.yaml'), yaml);
  return readPlannedStack('new', folder.path);
}

const r2 = `
  transcode-farm:storage: r2
  transcode-farm:cloudflareAccountId: 0123456789abcdef0123456789abcdef`;

it("reads a stack's settings and region from its file", async () => {
  const stack = await planned('config:\n  aws:region: eu-west-1\n  transcode-farm:compute: gpu\n');
  expect(stack).toMatchObject({ region: 'eu-west-1', settings: { compute: { kind: 'gpu' } } });
  expect(stack.finding.state).toBe('ok');
});

it('reports each invalid setting of a stack with the command that fixes it', async () => {
  const { finding, settings, region } = await planned(
    'config:\n  aws:region: eu-west-1\n  transcode-farm:maxTasks: 0\n  transcode-farm:compute: vr\n',
  );
  expect(region).toBe('eu-west-1');
  expect(finding).toMatchObject({ state: 'failed', why: expect.stringContaining('maxTasks') });
  expect(finding.fix?.split('\n')).toEqual(
    expect.arrayContaining(['pulumi config set maxTasks 1', 'pulumi config set compute fargate']),
  );
  expect(settings).toBeUndefined();
});

it('names the command that makes the file of an unknown stack', async () => {
  await using folder = await temporaryFolder();
  const { finding } = await readPlannedStack('new', folder.path);
  expect(finding).toMatchObject({
    state: 'failed',
    fix: 'npx farm init new, or copy a ready stack: cp stacks/inbox.yaml Pulumi.new.yaml',
  });
});

it('says which permission a Cloudflare token lacks', async () => {
  const { settings } = await planned(`config:${r2}\n`);
  if (!settings) throw new TypeError('the stack is not valid');
  const asked: string[] = [];
  const answering = (refused: RegExp, code: number) =>
    (async (url: string) => {
      asked.push(url);
      const success = !refused.test(url);
      return Response.json({ success, errors: success ? [] : [{ code, message: 'no' }] });
    }) as typeof fetch;
  const check = (ask: typeof fetch, token?: string) => checkCloudflare(settings.storage, token, ask);
  expect(await check(fetch)).toMatchObject([
    { state: 'failed', fix: expect.stringContaining('CLOUDFLARE_API_TOKEN') },
  ]);
  expect(await check(answering(/nothing/, 0), 'token')).toMatchObject([{ state: 'ok' }]);
  expect(asked.every((url) => url.includes('0123456789abcdef0123456789abcdef'))).toBe(true);
  expect(await check(answering(/tokens/, 10_000), 'token')).toMatchObject([
    { state: 'failed', why: 'the token lacks "Account, Account API Tokens, Edit" (10000: no)' },
  ]);
  expect(await check(answering(/buckets/, 10_042), 'token')).toMatchObject([
    { state: 'failed', why: 'R2 is not enabled in the account' },
  ]);
  const offline = (async () => {
    throw new Error('getaddrinfo ENOTFOUND');
  }) as typeof fetch;
  expect(await check(offline, 'token')).toMatchObject([{ state: 'not asked' }]);
});

it('asks for the Wasabi key only where the stack uses Wasabi, and says when it cannot be read', async () => {
  const { settings } = await planned(
    'config:\n  transcode-farm:storage: wasabi\n  transcode-farm:wasabiRegion: eu-central-2\n  transcode-farm:wasabiAccessKeyId:\n    secure: v1:x\n  transcode-farm:wasabiSecretAccessKey:\n    secure: v1:x\n',
  );
  if (!settings) throw new TypeError('the stack is not valid');
  const [found] = await checkWasabi(settings.storage, async () => undefined);
  expect(found).toMatchObject({
    state: 'not asked',
    why: expect.stringContaining('PULUMI_CONFIG_PASSPHRASE'),
  });
  const s3 = await planned('config:\n  transcode-farm:storage: s3\n');
  expect(s3.settings && (await checkWasabi(s3.settings.storage, async () => 'key'))).toEqual([]);
});
