import { randomBytes, scryptSync } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Farm } from '../../cli/farm/farm.ts';
import { hashPassword, isPassword } from '../../portal/src/auth/password.ts';
import { Tokens } from '../../portal/src/auth/tokens.ts';
import { attachment } from '../../portal/src/http/answers.ts';
import { securityHeaders } from '../../portal/src/http/security-headers.ts';
import { type AuditEntry, createPortal, type Portal } from '../../portal/src/portal.ts';
import { fileFormats } from '../../worker/src/plan/outputs.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { succeeded } from '../helpers/reports/job-states.ts';

const origin = 'https://films.example.com';
const signingKey = 'k'.repeat(43);
const password = 'correct horse battery staple';

let storage: TestFarm;
let farm: Farm;
let passwordHash: string;
let portal: Portal;
let audit: AuditEntry[];
let nowMs: number;

beforeAll(async () => {
  storage = await startLocalFarm();
  farm = connect(addressOf(storage));
  passwordHash = quickHash(password);
}, 60_000);

afterAll(async () => {
  farm?.close();
  await storage?.stop();
});

beforeEach(() => {
  audit = [];
  nowMs = 0;
  const features = { title: 'Test', urls: false, maxUploadBytes: 2 ** 40, publicUrl: undefined };
  const record = (entry: AuditEntry) => void audit.push(entry);
  portal = createPortal({
    farm,
    signingKey,
    passwordHash,
    features,
    origins: [origin],
    audit: record,
    now: () => nowMs,
  });
});

type Sent = { method?: string; body?: unknown; headers?: Record<string, string>; at?: string };

function send(
  path: string,
  { method = 'GET', body, headers = {}, at = origin }: Sent = {},
): Promise<Response> {
  const request = new Request(`${at}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return portal.handle(request, '203.0.113.7');
}

/** Of the usual form, for a hundredth of the work: each test signs in. */
function quickHash(text: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(text, salt, 32, { N: 1024, r: 8, p: 1 });
  return ['scrypt', 1024, 8, 1, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

const own = { 'sec-fetch-site': 'same-origin', origin };

async function signIn(): Promise<Record<string, string>> {
  const answer = await send('/api/session', { method: 'POST', body: { password }, headers: own });
  expect(answer.status).toBe(204);
  return { ...own, cookie: (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '' };
}

const codeOf = async (answer: Response) => ((await answer.json()) as { type: string }).type.split(':').at(-1);

describe('sign-in', () => {
  it('answers every call of the API with 401 to who is not signed in', async () => {
    const { paths } = portal.openApi() as { paths: Record<string, Record<string, { security: object[] }>> };
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
    nowMs += 12_000;
    expect(await codeOf(await guess())).toBe('wrong-password');
  }, 40_000);

  it('lets everyone else in while a stranger guesses sixty times a minute', async () => {
    const guess = (ip: string, typed: string, cookie = '') =>
      portal.handle(
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
      nowMs += 1000;
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
    const path = portal.signInPath('ada', '/jobs/x');
    const first = await send(path);
    expect(first.headers.get('location')).toBe('/jobs/x');
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect((await send(path)).headers.getSetCookie()).toEqual([]);
    for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example', '/x\r\nset-cookie: a=b']) {
      const answer = await send(portal.signInPath('ada', to));
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
    expect((await portal.handle(request, '')).status).toBe(415);
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

describe('films', () => {
  it.each([
    '../other/index.m3u8',
    '%2e%2e/other/index.m3u8',
    '..%2fother%2findex.m3u8',
    'a/../../other/index.m3u8',
    'status.json',
    'plan/parts/0000.json',
    'plan/leases/status',
    'stop.json',
    'index.m3u8%00.jpg',
    '%ff.jpg',
  ])('serve no %s', async (path) => {
    const session = await signIn();
    const answer = await send(`/api/films/job/${path}`, { headers: session });
    expect([400, 404]).toContain(answer.status);
    expect(answer.headers.get('location')).toBeNull();
  });

  it.each(fileFormats)('serve a file of the kind %s, as the job names it', async (format) => {
    const session = await signIn();
    const answer = await send(`/api/films/job/plan/files/240p.${format}`, { headers: session });
    expect(answer.status).toBe(302);
  });

  it('redirect to links that end within five minutes', async () => {
    const session = await signIn();
    const answer = await send('/api/films/job/plan/720p/00001.m4s', { headers: session });
    expect(answer.status).toBe(302);
    const link = new URL(answer.headers.get('location') ?? '');
    expect(link.pathname).toBe(`/${storage.outputBucket}/job/plan/720p/00001.m4s`);
    expect(link.searchParams.get('X-Amz-Expires')).toBe('300');
  });

  it('are not shown after a sign-out; a link from before opens one file, for five minutes at most', async () => {
    await storage.s3.send(
      new PutObjectCommand({ Bucket: storage.outputBucket, Key: 'left/p/720p/1.m4s', Body: 'segment' }),
    );
    const session = await signIn();
    const path = '/api/films/left/p/720p/1.m4s';
    const link = (await send(path, { headers: session })).headers.get('location') ?? '';
    await send('/api/session', { method: 'DELETE', headers: session });
    const after = await send(path, { headers: session });
    expect([after.status, after.headers.get('location')]).toEqual([401, null]);
    // The storage knows no sessions: this much holds, and no more.
    expect(await (await fetch(link)).text()).toBe('segment');
    expect(Number(new URL(link).searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(300);
    expect(new URL(link).pathname).toBe(`/${storage.outputBucket}/left/p/720p/1.m4s`);
  });

  it.each([
    '/api/jobs/..%2f..%2fetc',
    '/api/jobs/%2e%2e%2fshared',
    '/api/jobs/_index',
    '/api/jobs/x%00',
    '/api/jobs/shared%2fstatus.json',
    '/api/jobs/..%2fx/downloads/original',
    '/api/jobs/saved/downloads/files/..%2f..%2fother%2f720p.mp4',
    '/api/films/saved/owner.json',
  ])('are reached by no path that leads out of a job: %s', async (path) => {
    const session = await signIn();
    const answer = await send(path, { headers: session });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('location')).toBeNull();
  });

  it('are saved by a link whose name adds no header, whatever the film is called', async () => {
    const state = succeeded('saved');
    const title = 'a"; filename=evil.exe\r\nSet-Cookie: x=y\u2028.mp4';
    const files = [{ name: '720p.mp4', format: 'mp4', key: 'saved/p/files/720p.mp4', bytes: 3 }];
    await storage.s3.send(
      new PutObjectCommand({
        Bucket: storage.outputBucket,
        Key: 'saved/status.json',
        Body: JSON.stringify({ ...state, title, film: { ...state.film, files } }),
      }),
    );
    const session = await signIn();
    const answer = await send('/api/jobs/saved/downloads/files/720p.mp4', { headers: session });
    expect(answer.status).toBe(302);
    const link = new URL(answer.headers.get('location') ?? '');
    expect(link.searchParams.get('response-content-disposition')).toMatch(
      /^attachment; filename="[^"\\\p{Cc}]*"; filename\*=UTF-8''[\w.~%!$&+^`|-]+$/u,
    );
  });

  it('are saved with the ending of their file, and under a name that file systems take', async () => {
    const session = await signIn();
    const saved = async (title: string) => {
      const source = `s3://${storage.sourceBucket}/dir/movie.mov.film`;
      const body = JSON.stringify({ ...succeeded('titled'), source, title });
      await storage.s3.send(
        new PutObjectCommand({ Bucket: storage.outputBucket, Key: 'titled/status.json', Body: body }),
      );
      const answer = await send('/api/jobs/titled/downloads/original', { headers: session });
      const header = new URL(answer.headers.get('location') ?? '').searchParams.get(
        'response-content-disposition',
      );
      return decodeURIComponent(header?.split("''")[1] ?? '');
    };
    expect(await saved('Holiday')).toBe('Holiday.mov');
    expect(await saved('Holiday.mov')).toBe('Holiday.mov');
    expect(await saved('Version 1.2')).toBe('Version 1.2.mov');
    expect(await saved('漢'.repeat(500))).toBe(`${'漢'.repeat(80)}.mov`);
  });

  it('are made again once by two clicks, with the texts that they had', async () => {
    const overlays = [{ text: 'Hello' }];
    const body = JSON.stringify({ ...succeeded('again'), options: { overlays } });
    await storage.s3.send(
      new PutObjectCommand({ Bucket: storage.outputBucket, Key: 'again/status.json', Body: body }),
    );
    const session = await signIn();
    const rerun = () => send('/api/jobs/again/rerun', { method: 'POST', body: {}, headers: session });
    const jobs = (await Promise.all((await Promise.all([rerun(), rerun()])).map((each) => each.json()))) as {
      requestId: string;
      options: object;
    }[];
    expect(jobs[0]?.options).toEqual({ overlays });
    expect(jobs[0]?.requestId).toMatch(/^[\w-]{43}$/);
    expect(jobs[1]?.requestId).toBe(jobs[0]?.requestId);
  });

  it('have a share link that opens this film alone', async () => {
    await storage.s3.send(
      new PutObjectCommand({
        Bucket: storage.outputBucket,
        Key: 'shared/status.json',
        Body: JSON.stringify({
          ...succeeded('shared'),
          source: 's3://secret-bucket/secret/name.mov',
          title: 'Film',
        }),
      }),
    );
    const path = portal.sharePath('shared', 60);
    const answer = await send(`/api${path}`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('"Film"');
    expect(text).not.toContain('secret');
    // No other last character: some of them are the same bytes.
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.replace(
      path.slice(-1),
      '',
    ))
      expect((await send(`/api${path.slice(0, -1)}${letter}`)).status).toBe(404);
    expect((await send('/api/jobs/shared')).status).toBe(401);
  });

  it('are saved under a name that adds no header', () => {
    expect(attachment('a"b\r\nset-cookie: x=y;\\é.mp4')).toBe(
      `attachment; filename="a_b__set-cookie: x=y___.mp4"; filename*=UTF-8''a%22b%0D%0Aset-cookie%3A%20x%3Dy%3B%5C%C3%A9.mp4`,
    );
  });
});

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

it('writes a line for each action, which has no secret in it', async () => {
  const session = await signIn();
  await send('/api/jobs/none/cancel', { method: 'POST', headers: session });
  await send('/api/session', { method: 'POST', body: { password: 'guess' }, headers: own });
  await send(portal.signInPath('ada'));
  expect(audit.map(({ action, who, status }) => `${action} ${who} ${status}`)).toEqual([
    'signIn password 204',
    'cancelJob password 404',
    'signIn anonymous 401',
    'signInByLink ada 303',
  ]);
  expect(audit.at(-1)?.path).toBe('/sign-in/…');
  expect(JSON.stringify(audit)).not.toContain('guess');
});

it('says what is wrong with a request as RFC 9457 has it', async () => {
  const session = await signIn();
  const answer = await send('/api/uploads', {
    method: 'POST',
    body: { name: 'a', size: -1 },
    headers: session,
  });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toEqual({
    type: 'urn:transcode-farm:problem:invalid-request',
    title: 'Bad request',
    status: 400,
    detail: expect.stringContaining('body.size: '),
  });
  expect((await send('/api/uploads', { method: 'PUT', headers: session })).headers.get('allow')).toBe('POST');
});

describe('jobs', () => {
  const post = async (body: string) => {
    const headers = { ...(await signIn()), 'content-type': 'application/json' };
    return portal.handle(new Request(`${origin}/api/jobs`, { method: 'POST', headers, body }), '203.0.113.7');
  };

  beforeEach(() => {
    const features = { title: 'Test', urls: true, maxUploadBytes: 1, publicUrl: undefined };
    portal = createPortal({ farm, signingKey, passwordHash, features, origins: [origin] });
  });

  it('refuse metadata whose values lie too deep in each other, and say so', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const answer = await post(`{"source":"https://example.com/a.mp4","metadata":{"a":${deep}}}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('too deep');
  });

  it('refuse metadata that no message holds, before anything is written', async () => {
    const metadata = { a: 'x'.repeat(270_000) };
    const answer = await post(JSON.stringify({ source: 'https://example.com/big.mp4', metadata }));
    expect(answer.status).toBe(413);
    expect(await codeOf(answer)).toBe('job-too-large');
    const { jobs } = (await (await send('/api/jobs', { headers: await signIn() })).json()) as {
      jobs: { source: string }[];
    };
    expect(jobs.filter(({ source }) => source.includes('big.mp4'))).toEqual([]);
  });
});

it('takes a header that it reads in the length that its description names, and refuses others', async () => {
  const answer = async (key: string) =>
    send('/api/jobs', {
      method: 'POST',
      headers: { ...(await signIn()), 'idempotency-key': key },
      body: { source: 'https://example.com/film.mp4' },
    });
  const tooLong = await answer('k'.repeat(201));
  expect(tooLong.status).toBe(400);
  expect(await tooLong.json()).toMatchObject({
    detail: 'header Idempotency-Key: it has 201 characters; expected 1 to 200.',
  });
  expect((await answer('')).status).toBe(400);
  // Whatever this farm says of addresses.
  expect((await answer('k'.repeat(200))).status).not.toBe(400);
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
