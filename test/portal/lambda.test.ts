import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localCredentials } from '../../cli/local-farm/emulator.ts';
import { bundlePortal, portalHandler } from '../../infra/functions/bundle.ts';
import { hashPassword } from '../../portal/src/auth/password.ts';
import { answerUrl, type UrlAnswer, type UrlEvent } from '../../portal/src/hosts/lambda.ts';
import { callFunction, layOut, startParameters } from '../helpers/functions/deployed.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../helpers/media/clips.ts';

const host = '0123456789abcdef0123456789abcdef.lambda-url.us-east-1.on.aws';
const origin = `https://${host}`;
const password = 'correct horse battery staple';

type Sent = { query?: string; headers?: Record<string, string>; cookies?: string[]; body?: string };

/** As AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-request-payload */
function urlEvent(method: string, path: string, { query = '', headers = {}, cookies, body }: Sent = {}) {
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    ...(cookies && { cookies }),
    headers: {
      host,
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      'x-forwarded-for': '203.0.113.9',
      'user-agent': 'Mozilla/5.0',
      ...headers,
    },
    requestContext: {
      accountId: 'anonymous',
      apiId: host.split('.')[0],
      domainName: host,
      domainPrefix: host.split('.')[0],
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '203.0.113.9', userAgent: 'Mozilla/5.0' },
      requestId: 'e1506fd5-9e7b-434f-bd42-4f8fa224b599',
      routeKey: '$default',
      stage: '$default',
      time: '28/Nov/2026:20:00:00 +0000',
      timeEpoch: 1_795_896_000_000,
    },
    // AWS sends every body in base64 whose type it doesn't know as text.
    ...(body !== undefined && { body: Buffer.from(body).toString('base64') }),
    isBase64Encoded: body !== undefined,
  };
  return event satisfies UrlEvent;
}

describe('what a function URL sends and takes', () => {
  /** Answers with what arrived. */
  const echo = {
    handle: async (request: Request, ip: string) =>
      Response.json({
        ...{ url: request.url, method: request.method, ip, body: await request.text() },
        headers: Object.fromEntries(request.headers),
      }),
  };
  const arrived = async (event: UrlEvent) => JSON.parse((await answerUrl(echo, event)).body);

  it('carries address, query, headers, cookies, body and the client’s address', async () => {
    const event = urlEvent('POST', '/api/jobs/a%20b', {
      query: 'limit=5&cursor=a.b',
      headers: { 'content-type': 'application/json', origin },
      cookies: ['__Host-farm=abc.def', 'other=1'],
      body: '{"title":"Über"}',
    });
    expect(await arrived(event)).toMatchObject({
      url: `${origin}/api/jobs/a%20b?limit=5&cursor=a.b`,
      method: 'POST',
      ip: '203.0.113.9',
      body: '{"title":"Über"}',
      headers: { origin, cookie: '__Host-farm=abc.def; other=1', 'content-type': 'application/json' },
    });
    expect((await arrived({ ...event, body: 'plain ü', isBase64Encoded: false })).body).toBe('plain ü');
  });

  it('takes the client’s address from AWS, whatever headers say', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.7', host: 'evil.example' };
    const { ip, url } = await arrived(urlEvent('GET', '//evil.example/', { headers }));
    expect(ip).toBe('203.0.113.9');
    expect(new URL(url).origin).toBe(origin);
  });

  it.each([
    ['TRACE', '/', undefined, 405],
    ['POST', '/api/jobs', 'x'.repeat(2 ** 22), 413],
  ])('refuses %s %s without a call of the portal', async (method, path, body, status) => {
    const answer = await answerUrl(
      { handle: () => Promise.reject(new Error('was called')) },
      urlEvent(method, path, { ...(body && { body }) }),
    );
    expect(answer.statusCode).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ status });
  });

  it('gives cookies their own place, text as it is, and everything else in base64', async () => {
    const headers = new Headers({ 'content-type': 'image/jpeg', etag: '"1"' });
    headers.append('set-cookie', 'a=1; Path=/');
    headers.append('set-cookie', 'b=2; Path=/');
    const bytes = Uint8Array.of(0xff, 0xd8, 0x00);
    const portal = { handle: async () => new Response(bytes, { status: 201, headers }) };
    expect(await answerUrl(portal, urlEvent('GET', '/'))).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'image/jpeg', etag: '"1"' },
      cookies: ['a=1; Path=/', 'b=2; Path=/'],
      body: '/9gA',
      isBase64Encoded: true,
    });
    const playlist = {
      handle: async () =>
        new Response('#EXTM3U ü', { headers: { 'content-type': 'application/vnd.apple.mpegurl' } }),
    };
    expect(await answerUrl(playlist, urlEvent('GET', '/'))).toMatchObject({
      body: '#EXTM3U ü',
      isBase64Encoded: false,
    });
  });
});

describe('the function as it is deployed', () => {
  let farm: TestFarm;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let parameters: Awaited<ReturnType<typeof startParameters>>;

  beforeAll(async () => {
    farm = await startLocalFarm();
    folder = await temporaryFolder();
    parameters = await startParameters(await hashPassword(password));
    await layOut(bundlePortal(), folder.path);
  }, 60_000);
  afterAll(async () => {
    parameters?.[Symbol.dispose]();
    await folder?.[Symbol.asyncDispose]();
    await farm?.stop();
  });

  const call = (...events: UrlEvent[]) =>
    callFunction<UrlAnswer>(folder.path, portalHandler, events, {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
      AWS_ENDPOINT_URL_SSM: parameters.url,
      FARM: JSON.stringify(addressOf(farm)),
      PORTAL_SIGNING_KEY: 'k'.repeat(43),
      SECRET_PARAMETERS: JSON.stringify({ PORTAL_PASSWORD_HASH: '/farm/PORTAL_PASSWORD_HASH' }),
    });
  const signIn = (typed: string) =>
    urlEvent('POST', '/api/session', {
      headers: { 'content-type': 'application/json', origin, 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ password: typed }),
    });

  it('serves its page and the player’s script', async () => {
    const [page, script, health] = await call(
      urlEvent('GET', '/'),
      urlEvent('GET', '/assets/hls.js'),
      urlEvent('GET', '/health'),
    );
    expect(page).toMatchObject({
      statusCode: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'strict-transport-security': expect.any(String),
      },
      body: expect.stringContaining('<title>transcode-farm</title>'),
    });
    expect(script?.statusCode).toBe(200);
    expect(script?.body.length).toBeGreaterThan(100_000);
    expect(health?.body).toBe('{"status":"ok"}');
  });

  it('lets in who knows the password, and its other copies know the session', async () => {
    const [wrong, right] = await call(signIn('wrong horse'), signIn(password));
    expect(wrong).toMatchObject({ statusCode: 401, cookies: [] });
    expect(right?.statusCode).toBe(204);
    const [cookie = ''] = right?.cookies ?? [];
    expect(cookie).toMatch(/^__Host-farm=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure$/);
    const cookies = [cookie.split(';')[0] ?? ''];
    // A second process, which has the same key.
    const [jobs, anonymous, upload] = await call(
      urlEvent('GET', '/api/jobs', { cookies }),
      urlEvent('GET', '/api/jobs'),
      urlEvent('POST', '/api/uploads', {
        cookies,
        headers: { 'content-type': 'application/json', origin, 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify({ name: 'Ferien.mov', size: 1000 }),
      }),
    );
    expect(JSON.parse(jobs?.body ?? '')).toEqual({ jobs: [], next: null });
    expect(anonymous?.statusCode).toBe(401);
    expect(upload?.statusCode).toBe(201);
  });

  it('says which setting is wrong without repeating it, where the parameter holds no hash', async () => {
    using plain = await startParameters('sesame-plain-password');
    const failed = callFunction(folder.path, portalHandler, [urlEvent('GET', '/')], {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SSM: plain.url,
      FARM: JSON.stringify(addressOf(farm)),
      PORTAL_SIGNING_KEY: 'k'.repeat(43),
      SECRET_PARAMETERS: JSON.stringify({ PORTAL_PASSWORD_HASH: '/farm/PORTAL_PASSWORD_HASH' }),
    });
    const error = await failed.catch((error: Error & { stderr: string }) => error.stderr);
    expect(error).toContain('PORTAL_PASSWORD_HASH: expected a hash as "farm portal-password" prints it');
    expect(error).not.toContain('sesame-plain-password');
  });

  it('holds nothing of the media worker and no emulator', () => {
    const { texts, files } = bundlePortal();
    expect(Object.keys(texts).filter((path) => /\/(ffmpeg|encode)\/|fauxqs/.test(path))).toEqual([]);
    expect(Object.keys(files).filter((path) => /\/(pino|fauxqs)\//.test(path))).toEqual([]);
  });
});
