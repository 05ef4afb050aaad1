import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { connect, type Farm } from '../../cli/farm/farm.ts';
import { type PortalHost, serve } from '../../portal/src/hosts/node.ts';
import { createPortal, type Portal } from '../../portal/src/portal.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../helpers/portal/openid-provider.ts';

let storage: TestFarm;
let farm: Farm;
let host: PortalHost;
let provider: OpenIdProvider;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  storage = await startLocalFarm();
  farm = connect(addressOf(storage));
  let portal: Portal | undefined;
  host = await serve(() => ({
    handle: (request, ip) => (portal ?? expect.fail('no portal yet')).handle(request, ip),
    ...{ signInPath: () => '', sharePath: () => '', openApi: () => ({}) },
  }));
  const { origin } = host;
  provider = await startOpenIdProvider([`${origin}/sign-in/oidc/callback`], [`${origin}/sign-in`]);
  portal = createPortal({
    farm,
    signingKey: 'k'.repeat(43),
    oidc: {
      ...{ issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret },
      scopes: ['openid', 'email', 'groups'],
      groupsClaim: 'groups',
      ...{ allowedDomains: ['example.com'], allowedGroups: [], admins: ['admins'] },
    },
    ownFilmsOnly: true,
    features: { title: 'Test', urls: false, maxUploadBytes: 2 ** 30, publicUrl: undefined },
    origins: [origin],
  });
  browser = await startBrowser();
  page = await browser.newPage();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await host?.close();
  farm?.close();
  await provider?.[Symbol.asyncDispose]();
  await storage?.stop();
});

/** Each test is somebody new, here and at the provider. A window of its own would take seconds of processor time. */
beforeEach(() => page.context().clearCookies());

async function signInFrom(path: string): Promise<void> {
  await page.goto(host.origin + path);
  await page.getByRole('link', { name: 'Sign in with your account' }).click();
}

it('leads to the provider and back to where one wanted to go, and shows whose session it is', async () => {
  provider.account = { sub: 'ada', email: 'ada@example.com', email_verified: true };
  await signInFrom('/jobs/some-film');
  await page.waitForURL(`${host.origin}/jobs/some-film`);
  await page.getByText('ada@example.com').waitFor();
});

it.each([
  ['what is of the films of all to administrators', ['admins'], true],
  ['its queues and workers alone to others', ['video'], false],
])('shows of the farm %s', async (_, groups, isShown) => {
  provider.account = { sub: `of ${groups[0]}`, email: 'bo@example.com', email_verified: true, groups };
  await signInFrom('/farm');
  await page.getByText('Waiting', { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Programs' }).waitFor();
  for (const name of ['The last 24 hours', 'Failed jobs'])
    expect(await page.getByRole('heading', { name }).isVisible()).toBe(isShown);
});

it('ends the session here and at the provider', async () => {
  provider.account = { sub: 'ada', email: 'ada@example.com', email_verified: true };
  await signInFrom('/');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${provider.issuer}/session/end?*`);
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.waitForURL(`${host.origin}/sign-in`);
  expect((await page.request.get(`${host.origin}/api/jobs`)).status()).toBe(401);
});

it('says why somebody may not come in, in a page that axe finds nothing in', async () => {
  provider.account = { sub: 'eve', email: 'eve@evil.example', email_verified: true };
  await signInFrom('/');
  await page.waitForURL(`${host.origin}/sign-in?problem=not-allowed`);
  await page.getByText('This account may not use the portal.').waitFor();
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run(document)')) as axe.AxeResults;
  expect(violations.map(({ id }) => id)).toEqual([]);
});
