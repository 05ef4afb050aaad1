import { describe, expect, it } from 'vitest';
import { securityHeaders } from '../../../portal/src/http/security-headers.ts';
import { codeOf, origin, usePasswordPortal } from '../../helpers/portal/password-portal.ts';

const site = usePasswordPortal();
const { send, signIn } = site;

describe('other sites', () => {
  it.each([
    ['by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['from a sister domain', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' }],
    ['by Origin', { origin: 'https://evil.example' }],
    ['by an Origin that is hidden', { origin: 'null' }],
    ['that say nothing of where they come from', {}],
  ])('change nothing with a person’s cookie: requests %s are refused', async (_, headers) => {
    const { cookie = '' } = await signIn();
    const answer = await send('/api/jobs/x', { method: 'DELETE', headers: { cookie, ...headers } as never });
    expect(await codeOf(answer)).toBe('cross-site');
  });

  it('can’t send a form as JSON', async () => {
    const session = await signIn();
    const request = new Request(`${origin}/api/uploads`, {
      method: 'POST',
      headers: { ...session, 'content-type': 'text/plain' },
      body: '{"name":"a","size":1}',
    });
    expect((await site.portal.handle(request, '')).status).toBe(415);
  });

  it('frame no page, and every answer has the policy', async () => {
    for (const path of ['/', '/api/session', '/nowhere', '/assets/main.js', '/health']) {
      const { headers } = await send(path);
      expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'");
      expect(headers.get('content-security-policy')).not.toContain('keys.example.com');
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    }
  });

  it('reach nothing by a name of their own that leads here', async () => {
    expect((await send('/api/session', { at: 'https://evil.example' })).status).toBe(421);
  });
});

it('lets the page ask the key server of encrypted films, for keys and nothing else', () => {
  const storage = ['https://films.s3.amazonaws.com'];
  const { 'content-security-policy': policy = '' } = securityHeaders({
    storage,
    keys: 'https://keys.example.com',
    isSecure: true,
  }) as Record<string, string>;
  expect(policy.split('; ').filter((each) => each.includes('keys.example.com'))).toEqual([
    "connect-src 'self' https://films.s3.amazonaws.com https://keys.example.com",
  ]);
});
