import * as pulumi from '@pulumi/pulumi';
import { describe, expect, it } from 'vitest';
import { readFarmSettings as read, recordFarm } from '../../helpers/program/farm.ts';
import { natureOf, promiseOf } from '../../helpers/program/pulumi.ts';
import { bareStack } from '../../helpers/program/stacks.ts';

const encryptionKeyUrl = 'https://keys.example.com/{jobId}/{plan}';
const encryptionSecret = Buffer.alloc(32, 'sesame').toString('base64');
const encrypted = { encryption: 'aes-128', encryptionKeyUrl, encryptionSecret };

const mistake = (changes: Record<string, string>) =>
  read(changes).then(
    () => 'none',
    (error: Error) => error.message,
  );

describe('encryption', () => {
  it('goes to the worker, and its secret stays one', async () => {
    const { worker, encryptionSecret: secret } = await read(encrypted);
    expect(worker).toMatchObject({ ENCRYPTION: 'aes-128', ENCRYPTION_KEY_URL: encryptionKeyUrl });
    expect(await natureOf(pulumi.output(secret))).toMatchObject({ isSecret: true });
    expect(await promiseOf(pulumi.output(secret))).toBe(encryptionSecret);
  });

  it('changes nothing of the preset that is chosen by views', async () => {
    const views = { expectedViews: '1000' };
    const { worker } = await read({ ...encrypted, ...views });
    expect(worker.VIEW_PRESETS).toBe((await read(views)).worker.VIEW_PRESETS);
    expect(worker.VIEW_PRESETS).toBeDefined();
  });

  it.each([
    [{ encryption: 'aes-128', encryptionSecret }, /encryptionKeyUrl is not set, and encryption is "aes-128"/],
    [
      { encryption: 'aes-128', encryptionKeyUrl },
      /encryptionSecret is not set, and encryption is "aes-128"[\s\S]*--secret encryptionSecret "\$\(openssl rand -base64 32\)"/,
    ],
    [{ encryptionSecret }, /encryptionKeyUrl is not set, and encryptionSecret is set/],
    [{ encryptionKeyUrl }, /encryptionSecret is not set, and encryptionKeyUrl is set/],
    [{ ...encrypted, encryption: 'aes' }, /encryption is "aes": expected none or aes-128/],
    [
      { ...encrypted, encryptionKeyUrl: 'http://keys.example.com/{jobId}/{plan}' },
      /encryptionKeyUrl is .*expected an https address/,
    ],
    [
      { ...encrypted, encryptionKeyUrl: 'https://keys.example.com/{plan}' },
      /encryptionKeyUrl is .*expected \{jobId\}/,
    ],
    [{ ...encrypted, outputs: '["hls","mp4:720p"]' }, /outputs names mp4:720p, which would lie in clear/],
  ])('is refused with what to do: %j', async (changes, message) => {
    expect(await mistake(changes)).toMatch(message);
  });

  it('refuses a secret of another length before anything is changed, and does not repeat it', async () => {
    const short = Buffer.alloc(16, 'sesame').toString('base64');
    const message = await mistake({ ...encrypted, encryptionSecret: short });
    expect(message).toMatch(/encryptionSecret cannot be used: expected 32 random bytes in base64/);
    expect(message).not.toContain(short);
  });
});

it('the workers have the secret as a parameter, and the portal has it not', async () => {
  const portalPasswordHash =
    'scrypt$32768$8$3$c2VzYW1lLXBvcnRhbC0tLQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  const farm = await recordFarm(bareStack({ ...encrypted, portal: 'function', portalPasswordHash }));
  const parameter = farm
    .resourcesOf('aws:ssm/parameter:Parameter')
    .find(({ name }) => name === 'farm-encryption-secret');
  expect(parameter).toMatchObject({
    inputs: { type: 'SecureString', value: encryptionSecret },
    secretPaths: ['value'],
  });
  const portal = farm.resource('aws:lambda/function:Function', 'farm-portal').inputs;
  expect(JSON.stringify(portal)).not.toContain('ENCRYPTION_SECRET');
  expect(JSON.stringify(portal)).toContain('keys.example.com');
  expect(await promiseOf(farm.result.encryptionKeyUrl)).toBe(encryptionKeyUrl);
});
