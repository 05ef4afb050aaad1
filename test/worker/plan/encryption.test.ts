import { describe, expect, it } from 'vitest';
import {
  encryptionSecretSchema,
  keyUrlOfJob,
  keyUrlOfPlan,
  keyUrlSchema,
} from '../../../worker/src/plan/encryption.ts';

const problemOf = (url: string) => keyUrlSchema.safeParse(url).error?.issues[0]?.message;

describe('the address of the key server', () => {
  it.each([
    'https://keys.example.com/{jobId}/{plan}',
    'https://keys.example.com:8443/v2/key?film={jobId}&plan={plan}',
    'http://127.0.0.1:8080/{jobId}/{plan}',
    'http://localhost/{plan}/{jobId}.key',
  ])('may be %s', (url) => {
    expect(problemOf(url)).toBeUndefined();
  });

  it.each([
    ['http://keys.example.com/{jobId}/{plan}', /expected an https address/],
    ['http://127.0.0.1.example.com/{jobId}/{plan}', /expected an https address/],
    ['https://user:password@keys.example.com/{jobId}/{plan}', /expected an https address/],
    ['https://{jobId}.example.com/{plan}', /expected \{jobId\} behind the host/],
    ['https://keys.example.com/{plan}', /expected \{jobId\} behind the host/],
    ['https://keys.example.com/{jobId}', /expected \{plan\} behind the host/],
    ['https://keys.example.com/{jobId}/{plan}/{title}', /no other braces/],
    ['https://keys.example.com/{jobId}/{plan}",IV=0x0', /expected an https address/],
    ['https://keys.example.com/{jobId}/{plan}\n#EXT-X-ENDLIST', /expected an https address/],
    ['keys/{jobId}/{plan}', /expected an https address/],
  ])('is refused where it is %j', (url, problem) => {
    expect(problemOf(url)).toMatch(problem);
  });

  it('names the job and the plan of a film', () => {
    const keyUrl = keyUrlOfJob('https://keys.example.com/{jobId}/{plan}?again={jobId}', 'match-7~b');
    const encryption = { method: 'aes-128', keyUrl, secretId: '' } as const;
    expect(keyUrlOfPlan(encryption, '3f9a1c0b7d52')).toBe(
      'https://keys.example.com/match-7~b/3f9a1c0b7d52?again=match-7~b',
    );
  });
});

describe('the secret of all keys', () => {
  const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');

  it('has 32 bytes', () => {
    expect(encryptionSecretSchema.parse(base64(32))).toBe(base64(32));
  });

  it.each([
    base64(16),
    base64(31),
    base64(33),
    base64(32).slice(1),
    `${base64(32)}\n`,
    'secret',
    '7'.repeat(64),
  ])('is refused where it is %j', (text) => {
    expect(encryptionSecretSchema.safeParse(text).error?.issues[0]?.message).toMatch(
      /expected 32 random bytes in base64/,
    );
  });
});
