import { describe, expect, it } from 'vitest';
import { codeOf, usePasswordPortal } from '../../helpers/portal/password-portal.ts';

const site = usePasswordPortal();
const { send, signIn } = site;

describe('uploads', () => {
  it('go to a key that the portal chooses, whatever the file is called', async () => {
    const session = await signIn();
    for (const name of ['../../etc/passwd', 'a/b\\c.mov', '..', 'x\u0000y.mov', 'ü'.repeat(400)]) {
      const answer = await send('/api/uploads', {
        method: 'POST',
        body: { name, size: 5 },
        headers: session,
      });
      const { key } = (await answer.json()) as { key: string };
      expect(key).toMatch(/^uploads\/\d{4}-\d\d-\d\d\/[0-9a-f]{8}\/[^/\\\p{Cc}]+$/u);
      expect(key).not.toContain('/..');
    }
  });

  it('begin and go on whatever characters a name has', async () => {
    const session = await signIn();
    const post = (path: string, body: object) => send(path, { method: 'POST', body, headers: session });
    for (const name of [
      `${'😀'.repeat(100)}x.mp4`,
      '\u0001'.repeat(500),
      '\ud83d'.repeat(500),
      '漢'.repeat(500),
    ]) {
      const begun = await post('/api/uploads', { name, size: 5 });
      expect(begun.status, name).toBe(201);
      const { id } = (await begun.json()) as { id: string };
      expect((await post(`/api/uploads/${id}/links`, { parts: [1] })).status, name).toBe(200);
    }
  });

  it('sign the length of each part, and no checksum of an empty body', async () => {
    const session = await signIn();
    const size = 20 * 2 ** 20;
    const begun = await send('/api/uploads', {
      method: 'POST',
      body: { name: 'a.mov', size },
      headers: session,
    });
    const { id } = (await begun.json()) as { id: string };
    const body = { parts: [1, 2] };
    const answer = await send(`/api/uploads/${id}/links`, { method: 'POST', body, headers: session });
    const { links } = (await answer.json()) as { links: { url: string; bytes: number }[] };
    expect(links.map(({ bytes }) => bytes)).toEqual([16 * 2 ** 20, 4 * 2 ** 20]);
    for (const { url } of links) {
      expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
      expect(url).not.toMatch(/checksum|crc/i);
    }
    const beyond = await send(`/api/uploads/${id}/links`, {
      method: 'POST',
      body: { parts: [3] },
      headers: session,
    });
    expect(beyond.status).toBe(404);
  });

  it('take no webhook from a browser', async () => {
    const session = await signIn();
    const begun = await send('/api/uploads', {
      method: 'POST',
      body: { name: 'a.mov', size: 5 },
      headers: session,
    });
    const { id } = (await begun.json()) as { id: string };
    const body = { parts: [{ number: 1, etag: '"x"' }], options: { webhook: 'https://evil.example' } };
    const answer = await send(`/api/uploads/${id}/complete`, { method: 'POST', body, headers: session });
    expect(await codeOf(answer)).toBe('invalid-request');
  });
});
