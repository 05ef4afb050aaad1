import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, type Farm } from '../../cli/farm/farm.ts';
import { type LocalPortal, startLocalPortal } from '../../portal/src/local.ts';
import { jobOptionsSchema } from '../../worker/src/protocol/job.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';

let storage: TestFarm;
let farm: Farm;
let portal: LocalPortal;
let browser: Browser;
let cookie: string;

/** A farm whose uploads start jobs whatever they are called. */
beforeAll(async () => {
  storage = await startLocalFarm({ env: { SOURCE_SUFFIXES: '' } });
  farm = connect(addressOf(storage, ['']));
  portal = await startLocalPortal({ farm });
  const signedIn = await fetch(portal.signInUrl(), { redirect: 'manual' });
  cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  browser = await startBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  farm?.close();
  await storage?.stop();
});

const film = { name: 'a.mxf', mimeType: 'application/mxf', buffer: Buffer.from('no film for browsers') };
const post = (path: string, body: object) =>
  fetch(portal.origin + path, {
    method: 'POST',
    headers: { cookie, origin: portal.origin, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it('refuses options of an upload before its job begins, and takes the upload without them', async () => {
  const film = Buffer.from('a film');
  const { id } = (await (await post('/api/uploads', { name: 'a.mp4', size: film.length })).json()) as {
    id: string;
  };
  const { links } = (await (await post(`/api/uploads/${id}/links`, { parts: [1] })).json()) as {
    links: { url: string }[];
  };
  const sent = await fetch(links[0]?.url ?? '', { method: 'PUT', body: film });
  const parts = [{ number: 1, etag: sent.headers.get('etag') ?? '' }];
  const complete = (more: object) => post(`/api/uploads/${id}/complete`, { parts, title: 'a', ...more });

  const refused = await complete({ options: { preset: 'social' } });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({
    type: expect.stringContaining('options-not-taken'),
    detail: expect.stringContaining('with the farm’s own options'),
  });
  expect((await complete({ metadata: { customer: 'Ada' } })).status).toBe(409);
  expect((await complete({})).status).toBe(200);
});

it('offers the presets of a farm that has some', async () => {
  const page = await browser.newPage();
  await page.route('**/api/farm', async (route) => {
    const response = await route.fetch();
    const farm = { ...(await response.json()), presets: ['social', 'web'], uploadOptions: true };
    await route.fulfill({ response, json: farm });
  });
  await page.goto(portal.signInUrl());
  await page.setInputFiles('#choose-files', film);
  await page.getByLabel('Preset of the farm').selectOption('web');
  const completed = page.waitForRequest('**/complete');
  await page.getByRole('button', { name: 'Upload and start' }).click();
  expect((await completed).postDataJSON()).toMatchObject({ options: { preset: 'web' } });
  await page.close();
}, 30_000);

it('offers encryption of the stream alone, on a farm that has keys', async () => {
  const page = await browser.newPage();
  await page.goto(portal.signInUrl());
  await page.waitForLoadState('networkidle');
  expect(await page.isDisabled('[name=encryption]')).toBe(true);
  const address = {
    ...addressOf(storage, ['']),
    encryptionKeyUrl: 'https://keys.example.com/{jobId}/{plan}',
  };
  const withKeys = connect(address);
  const other = await startLocalPortal({ farm: withKeys });
  try {
    await page.route('**/api/farm', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), uploadOptions: true } });
    });
    await page.goto(other.signInUrl());
    await page.setInputFiles('#choose-files', film);
    await page.getByText('More', { exact: true }).click();
    await page.getByLabel('Encryption of the stream').selectOption('aes-128');
    await page.getByLabel(/^MP4/).check();
    const start = page.getByRole('button', { name: 'Upload and start' });
    await start.click();
    await expect.poll(() => page.textContent('#toast')).toContain('in clear');
    await page.getByLabel(/^MP4/).uncheck();
    const completed = page.waitForRequest('**/complete');
    await start.click();
    const { options } = (await completed).postDataJSON();
    expect(jobOptionsSchema.parse(options)).toEqual({ encryption: 'aes-128' });
    await page.goto(other.origin);
    await page.setInputFiles('#choose-files', film);
    expect(await page.inputValue('[name=encryption]')).toBe('aes-128');
    await page.getByLabel(/^MP4/).check();
    await page.getByLabel(/^Stream/).uncheck();
    expect(await page.isHidden('#encryption-choice')).toBe(true);
  } finally {
    await page.close();
    await other.close();
    withKeys.close();
  }
}, 30_000);

it('asks for early play, and for music that is no louder under the film’s sound than elsewhere', async () => {
  const page = await browser.newPage();
  await page.route('**/api/farm', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), uploadOptions: true } });
  });
  await page.goto(portal.signInUrl());
  await page.setInputFiles('#choose-files', film);
  await page.getByText('More', { exact: true }).click();
  await page.getByLabel('Playable while it is made').selectOption('yes');
  await page.getByText('Music under the film').click();
  await page.getByLabel('Music: a key').fill('brand/theme.mp3');
  await page.getByLabel('Volume, in percent').fill('40');
  await page.getByLabel('While the film is heard').fill('50');
  const start = page.getByRole('button', { name: 'Upload and start' });
  await start.click();
  await expect.poll(() => page.textContent('#toast')).toContain('can’t be louder than its volume');
  await page.getByLabel('While the film is heard').fill('101');
  await page.getByText('Music under the film').click();
  await start.click();
  await expect.poll(() => page.textContent('#toast')).toContain('101 % is no volume');
  expect(await page.isVisible('[name=music]')).toBe(true);
  await page.getByLabel('While the film is heard').fill('10');
  const completed = page.waitForRequest('**/complete');
  await start.click();
  const { options } = (await completed).postDataJSON();
  expect(jobOptionsSchema.parse(options)).toEqual({
    early: true,
    music: { source: 'brand/theme.mp3', volume: 0.4, duck: 0.1 },
  });
  // The next film is played early too, and has no music.
  await page.setInputFiles('#choose-files', film);
  expect(await page.inputValue('[name=early]')).toBe('yes');
  await page.reload();
  await page.setInputFiles('#choose-files', film);
  expect(await page.inputValue('[name=early]')).toBe('yes');
  expect(await page.inputValue('[name=music]')).toBe('');
  await page.getByLabel(/^MP4/).check();
  await page.getByLabel(/^Stream/).uncheck();
  expect(await page.isHidden('#early-choice')).toBe(true);
  await page.close();
}, 30_000);

it('offers no music to people who see their own films alone', async () => {
  const page = await browser.newPage();
  await page.route('**/api/session', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), seesAll: false } });
  });
  await page.goto(portal.signInUrl());
  await page.setInputFiles('#choose-files', film);
  await page.waitForSelector('#prepare:not([hidden])');
  expect(await page.isHidden('#music-choice')).toBe(true);
  await page.close();
}, 30_000);

it('offers no options on the page', async () => {
  const page = await browser.newPage();
  await page.goto(portal.signInUrl());
  await page.setInputFiles('#choose-files', film);
  await page.getByText('nothing is chosen here').waitFor();
  expect(await page.isVisible('#choices')).toBe(false);
  const completed = page.waitForResponse('**/complete');
  await page.getByRole('button', { name: 'Upload and start' }).click();
  expect((await completed).status()).toBe(200);
}, 30_000);
