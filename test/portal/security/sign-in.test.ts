import { describe, expect, it } from 'vitest';
import { hashPassword, isPassword } from '../../../portal/src/auth/password.ts';
import { Tokens } from '../../../portal/src/auth/tokens.ts';
import {
  codeOf,
  origin,
  own,
  password,
  signingKey,
  usePasswordPortal,
} from '../../helpers/portal/password-portal.ts';

const site = usePasswordPortal();
const { send, signIn } = site;

describe('sign-in', () => {
  it('answers every call of the API with 401 to who is not signed in', async () => {
    const { paths } = site.portal.openApi() as {
      paths: Record<string, Record<string, { security: object[] }>>;
    };
    const closed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { security }]) =>
        security.length > 0 ? [{ path, method }] : [],
      ),
    );
    expect(closed.length).toBeGreaterThan(12);
    for (const { path, method } of closed) {
      const answer = await send(path.replaceAll(/\{\w+\}/g, 'x'), {
        method: method.toUpperCase(),
        headers: own,
      });
      expect(answer.status, `${method} ${path}`).toBe(401);
    }
  });

  it('sets a cookie that is bound to this host, and that no script can read', async () => {
    const answer = await send('/api/session', { method: 'POST', body: { password }, headers: own });
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-farm=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure$/,
    );
  });

  it('refuses a wrong password, and after ten of them each guess before its time', async () => {
    const guess = () => send('/api/session', { method: 'POST', body: { password: 'guess' }, headers: own });
    expect(await codeOf(await guess())).toBe('wrong-password');
    for (let tries = 1; tries < 10; tries += 1) await guess();
    const refused = await guess();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('12');
    site.passTime(12_000);
    expect(await codeOf(await guess())).toBe('wrong-password');
  }, 40_000);

  it('lets everyone else in while a stranger guesses sixty times a minute', async () => {
    const guess = (ip: string, typed: string, cookie = '') =>
      site.portal.handle(
        new Request(`${origin}/api/session`, {
          method: 'POST',
          headers: { ...own, 'content-type': 'application/json', cookie },
          body: JSON.stringify({ password: typed }),
        }),
        ip,
      );
    const statuses = new Map<number, number>();
    for (let tries = 0; tries < 60; tries += 1) {
      const { status } = await guess('198.51.100.66', 'guess');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      site.passTime(1000);
    }
    // Ten at once and five a minute; the others cost the portal nothing.
    expect(statuses.get(401)).toBeLessThanOrEqual(15);
    expect(statuses.get(429)).toBeGreaterThanOrEqual(45);
    const other = await guess('203.0.113.8', password);
    expect(other.status).toBe(204);
    // Even at the stranger's own address, by a browser that has signed in before.
    const device = other.headers.getSetCookie().find((each) => each.startsWith('__Host-farm-device='));
    await guess('198.51.100.66', 'guess');
    expect((await guess('198.51.100.66', password)).status).toBe(429);
    expect((await guess('198.51.100.66', password, device?.split(';')[0])).status).toBe(204);
  });

  it('keeps no password, and knows it by its hash', async () => {
    const stored = await hashPassword(password);
    expect(stored).toMatch(/^scrypt\$32768\$8\$3\$/);
    expect(stored).not.toContain(password);
    expect(await isPassword(password, stored)).toBe(true);
    expect(await isPassword(`${password} `, stored)).toBe(false);
    expect(await hashPassword(password)).not.toBe(stored);
  });

  it('never makes a session of a cookie that was there before the sign-in', async () => {
    const planted = { cookie: '__Host-farm=planted.by.somebody', ...own };
    const answer = await send('/api/session', { method: 'POST', body: { password }, headers: planted });
    expect(answer.headers.getSetCookie()[0]).not.toContain('planted');
    expect((await send('/api/jobs', { headers: planted })).status).toBe(401);
  });

  it('ends a session at once when its owner signs out', async () => {
    const session = await signIn();
    expect((await send('/api/jobs', { headers: session })).status).toBe(200);
    const out = await send('/api/session', { method: 'DELETE', headers: session });
    expect(out.headers.getSetCookie()[0]).toContain('Max-Age=0');
    expect((await send('/api/jobs', { headers: session })).status).toBe(401);
  });

  it('signs in once by a link, and leads nowhere but to its own pages', async () => {
    const path = site.portal.signInPath('ada', '/jobs/x');
    const first = await send(path);
    expect(first.headers.get('location')).toBe('/jobs/x');
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect((await send(path)).headers.getSetCookie()).toEqual([]);
    for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example', '/x\r\nset-cookie: a=b']) {
      const answer = await send(site.portal.signInPath('ada', to));
      expect(answer.headers.get('location'), to).toBe('/');
    }
  });

  it('takes a token of one kind for no other, and no token that was changed or has ended', () => {
    let now = 0;
    const tokens = new Tokens(signingKey, () => now);
    const share = tokens.make('share', { job: 'a' }, 60);
    expect(tokens.read('share', share)).toMatchObject({ job: 'a' });
    expect(tokens.read('session', share)).toBeUndefined();
    const [body = '', signature = ''] = share.split('.');
    const other = Buffer.from(JSON.stringify({ job: 'b', expires: 1e12, nonce: '' })).toString('base64url');
    expect(tokens.read('share', `${other}.${signature}`)).toBeUndefined();
    expect(new Tokens('x'.repeat(43)).read('share', share)).toBeUndefined();
    expect(tokens.read('share', body)).toBeUndefined();
    now = 60_000;
    expect(tokens.read('share', share)).toBeUndefined();
  });

  it('lets a program in by a bearer token, which makes no other token', async () => {
    const session = await signIn();
    const made = await send('/api/tokens', { method: 'POST', body: { name: 'cron' }, headers: session });
    const { token } = (await made.json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    expect((await send('/api/jobs', { headers })).status).toBe(200);
    expect((await send('/api/tokens', { method: 'POST', body: { name: 'b' }, headers })).status).toBe(403);
  });
});
