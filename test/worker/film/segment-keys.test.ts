import { describe, expect, it } from 'vitest';
import { encryptionOf, hasKeyOf, keyOf } from '../../../worker/src/film/segment-keys.ts';
import { segmentKey } from '../../../worker/src/publish/segment-encryption.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

const secret = Buffer.alloc(32, 'old').toString('base64');
const settings = (own: string, ENCRYPTION: 'none' | 'aes-128' = 'aes-128') =>
  testSettings({
    ENCRYPTION,
    ENCRYPTION_KEY_URL: 'https://keys.example.com/{jobId}/{plan}',
    ENCRYPTION_SECRET: own,
  });
const job = { id: 'a' };
const encryption = encryptionOf(job, settings(secret));
const plan = { id: '0123456789ab', ...(encryption && { encryption }) };

describe('a film is encrypted', () => {
  it('as its job says, and where that says nothing as the farm does', () => {
    const asks = (wanted: 'none' | 'aes-128' | undefined, usual: 'none' | 'aes-128') =>
      encryptionOf({ ...job, ...(wanted && { options: { encryption: wanted } }) }, settings(secret, usual))
        ?.method;
    expect(asks(undefined, 'aes-128')).toBe('aes-128');
    expect(asks('none', 'aes-128')).toBeUndefined();
    expect(asks(undefined, 'none')).toBeUndefined();
    expect(asks('aes-128', 'none')).toBe('aes-128');
    expect(encryptionOf(job, testSettings({}))).toBeUndefined();
  });

  it('by a plan that names the key server and the job, and has neither secret nor key', () => {
    expect(encryption?.keyUrl).toBe('https://keys.example.com/a/{plan}');
    const text = JSON.stringify(plan);
    expect(text).not.toContain(secret.slice(0, 12));
    expect(text).not.toContain(segmentKey(secret, 'a', plan.id).toString('hex').slice(0, 12));
  });
});

describe('a worker that has another secret, or none', () => {
  it.each([
    ['another', settings(Buffer.alloc(32, 'new').toString('base64'))],
    ['none', testSettings({})],
  ])('knows that its parts would not fit (%s)', (_, other) => {
    expect(hasKeyOf(plan, settings(secret))).toBe(true);
    expect(keyOf(plan, 'a', settings(secret))).toEqual(segmentKey(secret, 'a', plan.id));
    expect(hasKeyOf(plan, other)).toBe(false);
    expect(() => keyOf(plan, 'a', other)).toThrow(/a secret that this worker does not have/);
  });

  it('makes parts of films in clear', () => {
    expect(hasKeyOf({}, testSettings({}))).toBe(true);
    expect(keyOf({ id: plan.id }, 'a', testSettings({}))).toBeUndefined();
  });
});
