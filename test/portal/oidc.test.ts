import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Farm } from '../../cli/farm/farm.ts';
import { type OidcOptions, personOf } from '../../portal/src/auth/oidc.ts';
import { type AuditEntry, createPortal, type Portal } from '../../portal/src/portal.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { type Account, type OpenIdProvider, startOpenIdProvider } from '../helpers/portal/openid-provider.ts';
import { succeeded } from '../helpers/reports/job-states.ts';

const origin = 'https://films.example.com';
const callback = `${origin}/sign-in/oidc/callback`;
const own = { 'sec-fetch-site': 'same-origin', origin };
const ada: Account = { sub: 'ada', email: 'ada@example.com', email_verified: true, groups: ['video'] };
const bob: Account = { sub: 'bob', email: 'bob@example.com', email_verified: true };
const boss: Account = { sub: 'boss', email: 'boss@example.com', email_verified: true, groups: ['admins'] };

let storage: TestFarm;
let farm: Farm;
let provider: OpenIdProvider;
let portal: Portal;
let audit: AuditEntry[];
let errors: unknown[];

beforeAll(async () => {
  storage = await startLocalFarm();
  farm = connect(addressOf(storage));
  provider = await startOpenIdProvider([callback], [`${origin}/sign-in`]);
}, 60_000);

afterAll(async () => {
  farm?.close();
  await provider?.[Symbol.asyncDispose]();
  await storage?.stop();
});

const optionsWith = (changes: Partial<OidcOptions> = {}): OidcOptions => ({
  ...{ issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret },
  scopes: ['openid', 'email', 'groups'],
  groupsClaim: 'groups',
  ...{ allowedDomains: [], allowedGroups: [], admins: ['admins'] },
  ...changes,
});

const openPortal = (changes: Partial<OidcOptions> = {}, ownFilmsOnly = true) =>
  createPortal({
    farm,
    signingKey: 'k'.repeat(43),
    oidc: optionsWith(changes),
    ownFilmsOnly,
    features: { title: 'Test', urls: true, maxUploadBytes: 2 ** 40, publicUrl: undefined },
    origins: [origin],
    audit: (entry) => void audit.push(entry),
    onError: (error) => void errors.push(error),
  });

beforeEach(() => {
  audit = [];
  errors = [];
  portal = openPortal();
});

type Sent = { method?: string; body?: unknown; headers?: Record<string, string> };

function send(path: string, { method = 'GET', body, headers = {} }: Sent = {}): Promise<Response> {
  const request = new Request(new URL(path, origin), {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return portal.handle(request, '203.0.113.7');
}

const cookieIn = (answer: Response, name: string) =>
  answer.headers
    .getSetCookie()
    .find((each) => each.startsWith(`${name}=`))
    ?.split(';')[0];

/** To the provider and back, up to the portal's callback. */
async function comeBack(account: Account, to = '/'): Promise<{ address: URL; cookie: string }> {
  provider.account = account;
  const begun = await send(`/sign-in/oidc?to=${encodeURIComponent(to)}`);
  const cookie = cookieIn(begun, '__Host-farm-oidc') ?? expect.fail('no cookie');
  return { address: await provider.visit(begun.headers.get('location') ?? ''), cookie };
}

async function signIn(account: Account): Promise<Record<string, string>> {
  const { address, cookie } = await comeBack(account);
  const answer = await send(address.href, { headers: { cookie } });
  expect(answer.headers.get('location')).toBe('/');
  return { ...own, cookie: cookieIn(answer, '__Host-farm') ?? expect.fail('no session') };
}

describe('a sign-in at an OpenID provider', () => {
  it('asks for a code, with PKCE, a state and a nonce, each time others', async () => {
    const [first, second] = await Promise.all([send('/sign-in/oidc'), send('/sign-in/oidc')]);
    const query = (answer: Response) => new URL(answer.headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(query(first))).toMatchObject({
      response_type: 'code',
      client_id: provider.clientId,
      redirect_uri: callback,
      scope: 'openid email groups',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(query(first).get(name)?.length, name).toBeGreaterThan(20);
      expect(query(first).get(name)).not.toBe(query(second).get(name));
    }
    expect(first.headers.getSetCookie()[0]).toMatch(
      /^__Host-farm-oidc=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=900; Secure$/,
    );
  });

  it('makes a session under the person’s name, and leads to where they wanted to go', async () => {
    const { address, cookie } = await comeBack(ada, '/jobs/x');
    const answer = await send(address.href, { headers: { cookie } });
    expect(answer.headers.get('location')).toBe('/jobs/x');
    expect(answer.headers.getSetCookie().join('\n')).toMatch(/__Host-farm-oidc=;.*Max-Age=0/);
    const headers = { cookie: cookieIn(answer, '__Host-farm') ?? '' };
    expect(await (await send('/api/session', { headers })).json()).toMatchObject({
      name: 'ada@example.com',
      signIn: 'oidc',
      seesAll: false,
      signOutUrl: expect.stringContaining(`${provider.issuer}/session/end?`),
    });
    expect(audit).toEqual([
      expect.objectContaining({ action: 'oidcSignIn', who: 'ada@example.com', status: 303 }),
    ]);
    expect(errors).toEqual([]);
  });

  it('leads nowhere but to its own pages', async () => {
    const { address, cookie } = await comeBack(ada, '//evil.example');
    expect((await send(address.href, { headers: { cookie } })).headers.get('location')).toBe('/');
  });

  it('is ended only by the browser that began it: a link with somebody else’s code signs no one in', async () => {
    const { address } = await comeBack(bob);
    const others = (await comeBack(ada)).cookie;
    for (const headers of [{ cookie: '' }, { cookie: others }]) {
      const answer = await send(address.href, { headers });
      expect(answer.headers.get('location')).toMatch(/^\/sign-in\?problem=(expired|failed)$/);
      expect(cookieIn(answer, '__Host-farm')).toBeUndefined();
    }
  });

  it('is ended once', async () => {
    const { address, cookie } = await comeBack(ada);
    await send(address.href, { headers: { cookie } });
    const again = await send(address.href, { headers: { cookie } });
    expect(again.headers.get('location')).toBe('/sign-in?problem=expired');
  });

  it('ends where the provider says no, or sends a code that it did not make', async () => {
    const { cookie, address } = await comeBack(ada);
    address.searchParams.set('code', 'forged');
    expect((await send(address.href, { headers: { cookie } })).headers.get('location')).toBe(
      '/sign-in?problem=failed',
    );
    const second = await comeBack(ada);
    second.address.search = `?error=access_denied&state=${second.address.searchParams.get('state')}&iss=${encodeURIComponent(provider.issuer)}`;
    const denied = await send(second.address.href, { headers: { cookie: second.cookie } });
    expect(denied.headers.get('location')).toBe('/sign-in?problem=failed');
    expect(errors).toHaveLength(2);
  });

  it('takes no password, and no session that names no one', async () => {
    const answer = await send('/api/session', { method: 'POST', body: { password: 'x' }, headers: own });
    expect(answer.status).toBe(403);
    const shared = createPortal({
      farm,
      signingKey: 'k'.repeat(43),
      features: { title: '', urls: false, maxUploadBytes: 1, publicUrl: undefined },
    });
    const old = await shared.handle(new Request(new URL(shared.signInPath('ops'), origin)), '');
    const headers = { cookie: cookieIn(old, '__Host-farm') ?? '' };
    expect((await send('/api/jobs', { headers })).status).toBe(401);
  });

  it('ends at once by signing out', async () => {
    const session = await signIn(ada);
    expect((await send('/api/jobs', { headers: session })).status).toBe(200);
    await send('/api/session', { method: 'DELETE', headers: session });
    expect((await send('/api/jobs', { headers: session })).status).toBe(401);
  });
});

describe('who may sign in', () => {
  const claims = { sub: 'x', email: 'ada@example.com', email_verified: true, groups: ['video'] };
  const person = (changes: object, options: Partial<OidcOptions>) =>
    personOf({ ...claims, ...changes }, optionsWith(options));

  it.each([
    ['everyone whom the provider lets in, where nothing else is set', {}, {}],
    ['who has a confirmed address in an allowed domain', {}, { allowedDomains: ['example.com'] }],
    ['who is in an allowed group', { email: undefined }, { allowedGroups: ['video'] }],
    ['an administrator', { groups: ['admins'] }, { allowedDomains: ['other.example'] }],
  ])('%s may', (_, changes, options) => {
    expect(person(changes, options).owner).toMatch(/^[\w-]{32}$/);
  });

  it.each([
    ['with an address elsewhere', { email: 'ada@evil.example' }],
    ['with an address that only ends like an allowed one', { email: 'ada@notexample.com' }],
    ['with an allowed domain before the real one', { email: 'ada@example.com@evil.example' }],
    ['with an address that nobody confirmed', { email_verified: false }],
    ['with an address of which the provider says nothing', { email_verified: undefined }],
    ['without an address', { email: undefined }],
  ])('nobody %s may where domains are named', (_, changes) => {
    expect(() => person(changes, { allowedDomains: ['example.com'] })).toThrow('may use this portal');
  });

  it('gives no one an administrator’s rights for an address that is not confirmed', () => {
    const options = { admins: ['ada@example.com'] };
    expect(person({}, options).isAdmin).toBe(true);
    expect(person({ email_verified: false }, options).isAdmin).toBe(false);
    expect(person({ groups: ['ada@example.com'], email: 'x@example.com' }, options).isAdmin).toBe(false);
  });

  it('names people by the provider and their id there, not by an address that may pass on', () => {
    const { owner } = person({}, {});
    expect(person({ email: 'new@example.com' }, {}).owner).toBe(owner);
    expect(person({ sub: 'y' }, {}).owner).not.toBe(owner);
    expect(person({}, { issuer: 'https://other.example.com' }).owner).not.toBe(owner);
  });

  it('is answered to those who may not, and noted in the audit log', async () => {
    portal = openPortal({ allowedGroups: ['video'] });
    const { address, cookie } = await comeBack(bob);
    const answer = await send(address.href, { headers: { cookie } });
    expect(answer.headers.get('location')).toBe('/sign-in?problem=not-allowed');
    expect(cookieIn(answer, '__Host-farm')).toBeUndefined();
    expect(audit.at(-1)).toMatchObject({ action: 'oidcSignIn', who: 'bob@example.com' });
  });
});

describe('people who see only their own films', () => {
  let job: string;
  let adas: Record<string, string>;
  let bobs: Record<string, string>;
  let bosses: Record<string, string>;

  beforeEach(async () => {
    [adas, bobs, bosses] = [await signIn(ada), await signIn(bob), await signIn(boss)];
    const body = { source: `https://example.com/${crypto.randomUUID()}.mp4` };
    const sent = await send('/api/jobs', { method: 'POST', body, headers: adas });
    expect(sent.status).toBe(201);
    ({ job } = (await sent.json()) as { job: string });
  });

  const listed = async (headers: Record<string, string>) => {
    const { jobs } = (await (await send('/api/jobs?limit=100', { headers })).json()) as {
      jobs: { id: string }[];
    };
    return jobs.map(({ id }) => id);
  };

  it('have them on their list, administrators have all, and no one else has them', async () => {
    expect(await listed(adas)).toContain(job);
    expect(await listed(bosses)).toContain(job);
    expect(await listed(bobs)).not.toContain(job);
  });

  it('reach no film of others by any path of the API, with the answer of a film that there is not', async () => {
    const { paths } = portal.openApi() as { paths: Record<string, Record<string, { security: object[] }>> };
    const ofOne = Object.entries(paths).flatMap(([path, methods]) =>
      /^\/api\/(jobs|films)\/\{id\}/.test(path)
        ? Object.keys(methods).map((method) => ({ path, method }))
        : [],
    );
    expect(ofOne.length).toBeGreaterThanOrEqual(10);
    for (const { path, method } of ofOne) {
      const call = async (id: string, headers: Record<string, string>) => {
        const at = path.replace('{id}', id).replaceAll(/\{\w+\}/g, 'index.m3u8');
        const answer = await send(at, { method: method.toUpperCase(), headers });
        return { status: answer.status, text: (await answer.text()).replaceAll(id, 'ID') };
      };
      const others = await call(job, bobs);
      expect(others.status, `${method} ${path}`).toBe(404);
      expect(others, `${method} ${path}`).toEqual(await call('an-id-of-none', bobs));
    }
    // It is still there, untouched.
    expect((await send(`/api/jobs/${job}`, { headers: adas })).status).toBe(200);
    expect((await send(`/api/jobs/${job}`, { headers: bosses })).status).toBe(200);
  });

  it('guard every path but those that are known to show nothing of others', () => {
    const { paths } = portal.openApi() as { paths: Record<string, Record<string, { security: object[] }>> };
    const unguarded = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, { security }]) => security.length > 0)
        .map(([method]) => `${method} ${path}`)
        .filter(() => !/^\/api\/(jobs|films)\/\{id\}/.test(path)),
    );
    // Whoever adds one says here why it shows nothing of others.
    expect(unguarded.sort()).toEqual(
      [
        'delete /api/session', // one's own
        'post /api/tokens', // may what its maker may
        'get /api/jobs', // one's own list
        'post /api/jobs', // a new one
        'post /api/uploads', // a new one
        'get /api/uploads/{id}', // the id names its owner
        'delete /api/uploads/{id}',
        'post /api/uploads/{id}/links',
        'post /api/uploads/{id}/complete',
        'post /api/estimate', // of what the caller describes
        'get /api/farm', // queues and limits
        'get /api/farm/day', // for administrators
        'get /api/dead-letters', // for administrators
        'post /api/dead-letters/redrive', // for administrators
      ].sort(),
    );
  });

  it.each([
    ['GET', '/api/dead-letters'],
    ['POST', '/api/dead-letters/redrive'],
    ['GET', '/api/farm/day'],
  ])('may not %s %s, which is about the films of all', async (method, path) => {
    const body = method === 'POST' ? { body: { ids: ['x'] } } : {};
    expect((await send(path, { method, headers: bobs, ...body })).status).toBe(403);
    expect((await send(path, { method, headers: bosses, ...body })).status).toBe(200);
  });

  it.each([
    ['subtitles by their key', { subtitles: [{ source: 'secret/interview.en.srt' }] }],
    ['an image by its key', { overlays: [{ image: 'secret/plan.png' }] }],
    ['a batch', { batch: { id: 'nightly', jobs: 1 } }],
    ['music', { music: { source: 'theirs.mp3' } }],
  ])('can’t have a film made with %s, which may be of others', async (_, options) => {
    const source = `https://example.com/${crypto.randomUUID()}.mp4`;
    const post = (path: string, body: object, headers: Record<string, string>) =>
      send(path, { method: 'POST', body, headers });
    const begun = await post('/api/uploads', { name: 'a.mov', size: 5 }, bobs);
    const { id } = (await begun.json()) as { id: string };
    const parts = [{ number: 1, etag: 'x' }];
    for (const answer of [
      await post('/api/jobs', { source, options }, bobs),
      await post(`/api/jobs/${job}/rerun`, { options }, adas),
      await post(`/api/uploads/${id}/complete`, { parts, options }, bobs),
    ]) {
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain('of others');
    }
    expect((await post('/api/jobs', { source, options }, bosses)).status).toBe(201);
    const texts = { overlays: [{ text: 'Bob' }], ladder: 'hd' };
    expect((await post('/api/jobs', { source, options: texts }, bobs)).status).toBe(201);
  });

  it('have a job once on their list that was deleted and sent again under its key, and still own it', async () => {
    const body = { source: `https://example.com/${crypto.randomUUID()}.mp4` };
    const headers = { ...adas, 'idempotency-key': 'one' };
    const post = async () =>
      ((await (await send('/api/jobs', { method: 'POST', body, headers })).json()) as { job: string }).job;
    const id = await post();
    await storage.s3.send(
      new PutObjectCommand({
        Bucket: storage.outputBucket,
        Key: `${id}/status.json`,
        Body: JSON.stringify(succeeded(id)),
      }),
    );
    expect((await send(`/api/jobs/${id}`, { method: 'DELETE', headers: adas })).status).toBe(204);
    expect(await post()).toBe(id);
    // A copy of the portal that remembers nothing.
    portal = openPortal();
    expect((await listed(adas)).filter((each) => each === id)).toEqual([id]);
    expect((await send(`/api/jobs/${id}`, { headers: adas })).status).toBe(200);
  });

  it('can’t go on with an upload that somebody else began', async () => {
    const begun = await send('/api/uploads', {
      method: 'POST',
      body: { name: 'a.mov', size: 5 },
      headers: adas,
    });
    const { id } = (await begun.json()) as { id: string };
    const links = (headers: Record<string, string>) =>
      send(`/api/uploads/${id}/links`, { method: 'POST', body: { parts: [1] }, headers });
    expect((await links(bobs)).status).toBe(404);
    expect((await send(`/api/uploads/${id}`, { method: 'DELETE', headers: bobs })).status).toBe(404);
    expect((await links(adas)).status).toBe(200);
  });

  it('own the film of an upload, whatever started its job', async () => {
    const begun = await send('/api/uploads', {
      method: 'POST',
      body: { name: 'a.mov', size: 4 },
      headers: bobs,
    });
    const { id } = (await begun.json()) as { id: string };
    const given = await send(`/api/uploads/${id}/links`, {
      method: 'POST',
      body: { parts: [1] },
      headers: bobs,
    });
    const { links } = (await given.json()) as { links: { url: string }[] };
    const put = await fetch(links[0]?.url ?? '', { method: 'PUT', body: 'film' });
    const complete = await send(`/api/uploads/${id}/complete`, {
      method: 'POST',
      body: { parts: [{ number: 1, etag: put.headers.get('etag') }] },
      headers: bobs,
    });
    const made = ((await complete.json()) as { job: string }).job;
    expect(await listed(bobs)).toContain(made);
    expect((await send(`/api/jobs/${made}`, { headers: adas })).status).toBe(404);
  });

  it('have no part in jobs that came in by another way: those are the administrators’', async () => {
    const id = `outside-${crypto.randomUUID()}`;
    await storage.s3.send(
      new PutObjectCommand({
        Bucket: storage.outputBucket,
        Key: `${id}/status.json`,
        Body: JSON.stringify(succeeded(id)),
      }),
    );
    expect((await send(`/api/jobs/${id}`, { headers: adas })).status).toBe(404);
    expect((await send(`/api/jobs/${id}`, { headers: bosses })).status).toBe(200);
  });

  it('have programs that may what they may, and no more', async () => {
    const made = await send('/api/tokens', { method: 'POST', body: { name: 'cron' }, headers: bobs });
    const { token } = (await made.json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    expect(await listed(headers)).not.toContain(job);
    expect((await send(`/api/jobs/${job}`, { headers })).status).toBe(404);
    expect((await send('/api/dead-letters', { headers })).status).toBe(403);
    await send(`/api/jobs/${job}/cancel`, { method: 'POST', headers });
    expect(audit.at(-1)).toMatchObject({ who: 'cron (bob@example.com)', status: 404 });
  });

  it('send the same film with the same key as two jobs', async () => {
    const body = { source: 'https://example.com/same.mp4' };
    const sendAs = async (session: Record<string, string>) => {
      const headers = { ...session, 'idempotency-key': 'same' };
      return ((await (await send('/api/jobs', { method: 'POST', body, headers })).json()) as { job: string })
        .job;
    };
    expect(await sendAs(adas)).toBe(await sendAs(adas));
    expect(await sendAs(bobs)).not.toBe(await sendAs(adas));
  });

  it('are not in what is public: neither name nor address is in a job’s status', async () => {
    await send(`/api/jobs/${job}/cancel`, { method: 'POST', headers: adas });
    const status = await (await send(`/api/jobs/${job}`, { headers: adas })).text();
    expect(status).not.toMatch(/ada|owner/);
  });

  it('see all where the setting is off', async () => {
    portal = openPortal({}, false);
    expect(await listed(await signIn(bob))).toContain(job);
  });
});
