import { randomBytes } from 'node:crypto';
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalPortal } from '../../portal/src/local.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { startPortal } from '../helpers/portal/portal.ts';

const mebibyte = 2 ** 20;
const partBytes = 16 * mebibyte;
const widths = [1440, 768, 390];
const patience = { timeout: 20_000 };

let farm: TestFarm;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let portal: LocalPortal;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let film: string;
let job: string;
/** Parts that the storage took, by number. */
const taken: number[] = [];
const problems: string[] = [];

/** One person's day, from dropping a film to signing out; each test goes on where the one before ended. */
beforeAll(async () => {
  folder = await temporaryFolder();
  film = join(folder.path, 'Grüezi "1".mp4');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=4'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=300:duration=4', '-preset', 'ultrafast', '-c:a', 'aac', film],
  );
  // Three parts of about the same size: whichever is let through first is long enough to have a speed.
  await appendFile(film, freeBox(3 * partBytes - 2 * mebibyte));
  farm = await startLocalFarm({
    env: { SOURCE_SUFFIXES: '.mp4', X264_PRESET: 'ultrafast', SEGMENT_SECONDS: '2', ENCODER: 'x264' },
  });
  portal = await startPortal(farm);
  browser = await startBrowser();
  context = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
  page = await context.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('response', (response) => {
    const number = new URL(response.url()).searchParams.get('partNumber');
    if (response.request().method() === 'PUT' && response.status() === 200) taken.push(Number(number));
  });
  await page.goto(portal.signInUrl());
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  await farm?.stop();
  await folder?.[Symbol.asyncDispose]();
});

/** Boxes that no reader of MP4 looks into (ISO 14496-12, 8.1.2): they make a small film long to upload. */
function freeBox(bytes: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(bytes);
  header.write('free', 4);
  return Buffer.concat([header, randomBytes(bytes - 8)]);
}

const none = { x: 0, y: 0, width: 0, height: 0 };
const choose = () => page.setInputFiles('#choose-files', film);
const facts = () => page.textContent('#upload-rows .row-facts');

/** The line to the storage: parts wait in it until they are let through, or are lost with it. */
class Line {
  #left = 0;
  #isCut = false;
  readonly #waiting: Route[] = [];

  async take(route: Route): Promise<void> {
    if (this.#isCut) return route.abort('internetdisconnected');
    if (this.#left === 0) return void this.#waiting.push(route);
    this.#left -= 1;
    await route.continue();
  }

  async pass(parts: number): Promise<void> {
    this.#isCut = false;
    this.#left = parts;
    await this.#release();
  }

  async cut(): Promise<void> {
    this.#isCut = true;
    await this.#release();
  }

  async #release(): Promise<void> {
    for (const route of this.#waiting.splice(0)) await this.take(route);
  }
}

const line = new Line();

it('shows an empty list to who signs in by the link', async () => {
  await expect.poll(() => page.isVisible('#no-jobs'), patience).toBe(true);
  expect(page.url()).toBe(`${portal.origin}/`);
});

it('shows what a film is and takes, and what would be made, before anything is sent', async () => {
  const sent: string[] = [];
  const listen = (request: { method(): string; url(): string }) => {
    if (request.method() !== 'GET') sent.push(new URL(request.url()).pathname);
  };
  page.on('request', listen);
  await choose();
  await page.getByRole('heading', { name: 'Before it starts' }).waitFor();
  await expect
    .poll(() => page.textContent('#prepare-rows .row-facts'), patience)
    .toMatch(/^0:04 .*640 × 360/);
  await page.waitForSelector('#estimate:not([hidden])', patience);
  expect(await page.textContent('#estimate')).toMatch(/second.* on this machine .*to store/);
  await page.getByLabel(/^MP4/).check();
  await expect.poll(() => page.textContent('[data-format=mp4]'), patience).toMatch(/^up to .*kB/);
  expect(await page.isVisible('#rung-choice')).toBe(true);
  page.off('request', listen);
  expect([...new Set(sent)]).toEqual(['/api/estimate']);
});

it('leaves out a film, and takes it again', async () => {
  await page.getByRole('button', { name: /^Leave out/ }).click();
  expect(await page.isVisible('#prepare')).toBe(false);
  expect(await page.isVisible('#drop')).toBe(true);
  await choose();
  expect(await page.getByLabel(/^MP4/).isChecked()).toBe(true);
});

it('makes at least one thing of a film', async () => {
  const stream = page.getByLabel(/^Stream/);
  await stream.uncheck();
  expect(await page.getByLabel(/^MP4/).isDisabled()).toBe(true);
  expect(await page.isVisible('#ladder-choices')).toBe(false);
  await stream.check();
});

it('draws texts about as the film will have them, and says where one ends before it begins', async () => {
  await page.getByText('Texts over the picture').click();
  await page.getByRole('button', { name: 'Add a text' }).click();
  await page.getByLabel('Text 1', { exact: true }).fill('Grüezi <b>miteinander</b>');
  await page.getByLabel(/^Where/).selectOption('top-right');
  await page.getByLabel('Look').selectOption('on a dark box');
  await page.getByLabel('From second').fill('2');
  await page.getByLabel('To second').fill('1');
  const picture = (await page.locator('#text-preview').boundingBox()) ?? none;
  const text = (await page.getByText('Grüezi <b>miteinander</b>').last().boundingBox()) ?? none;
  expect(picture.width / picture.height).toBeCloseTo(640 / 360, 1);
  expect(text.height).toBeGreaterThan(picture.height * 0.06);
  expect(text.x + text.width).toBeCloseTo(picture.x + picture.width - 0.05 * picture.height, 0);
  expect(text.y).toBeCloseTo(picture.y + 0.05 * picture.height, 0);
  await page.getByRole('button', { name: 'Upload and start' }).click();
  await expect
    .poll(() => page.textContent('#toast'), patience)
    .toContain('Text 1 ends at 1 s, before it begins');
  await page.getByLabel('To second').fill('3.5');
});

it('uploads straight to the storage, and shows how fast', async () => {
  await page.route(/[?&]partNumber=/, (route) => line.take(route));
  await page.getByRole('button', { name: 'Upload and start' }).click();
  await line.pass(1);
  // A connection that stands still is given up by the page after a minute, and the part sent again.
  await expect.poll(facts, { timeout: 100_000 }).toMatch(/^\d+ %.*[kM]B\/s.*left$/s);
}, 120_000);

it('goes on after the network was cut', async () => {
  await context.setOffline(true);
  await line.cut();
  await expect.poll(facts, patience).toContain('Trying again');
  expect(await page.isVisible('#offline')).toBe(true);
  await context.setOffline(false);
  await line.pass(1);
  await expect.poll(() => taken.length, patience).toBe(2);
  await expect.poll(facts, patience).toMatch(/^\d+ %/);
}, 90_000);

it('pauses, and goes on after a reload with the parts that are missing', async () => {
  await page.getByRole('button', { name: /^Pause/ }).click();
  await expect.poll(facts, patience).toMatch(/^Paused/);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.reload();
  await expect.poll(facts, patience).toMatch(/Choose the same file again/);
  const completed = page.waitForRequest('**/complete');
  await page.route('**/complete', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await choose();
  expect((await completed).postDataJSON().options).toEqual({
    outputs: ['hls', 'mp4'],
    overlays: [
      {
        ...{
          text: 'Grüezi <b>miteinander</b>',
          at: 'top-right',
          size: '6%',
          color: '#ffffff',
          box: '#000000a0',
        },
        ...{ from: 2, in: 'fade', to: 3.5, out: 'fade' },
      },
    ],
  });
  await expect.poll(() => page.isVisible('#job-rows li'), patience).toBe(true);
  // Each part was stored once.
  expect(taken.toSorted()).toEqual([1, 2, 3]);
}, 60_000);

it('ends an upload whose answer was lost with a reload: without its file, and without a second job', async () => {
  await expect.poll(facts, patience).toContain('Trying again');
  let isReloaded = false;
  page.once('framenavigated', () => {
    isReloaded = true;
  });
  // What the page asks until then is lost too.
  await page.route('**/complete', (route) => (isReloaded ? route.continue() : route.abort()));
  const begun: string[] = [];
  page.on('request', (request) => {
    if (isReloaded && request.method() === 'POST')
      begun.push(new URL(request.url()).pathname.split('/').at(-1) ?? '');
  });
  await page.reload();
  // A page that has just loaded has no rows yet: the upload has ended when it was asked for, and is no longer listed.
  await expect.poll(() => begun, patience).toEqual(['complete']);
  await expect.poll(() => page.locator('#upload-rows li').count(), patience).toBe(0);
  await expect.poll(() => page.locator('#job-rows li').count(), patience).toBe(1);
  expect(begun).toEqual(['complete']);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}, 60_000);

it('lists the job of the upload by the name of its file', async () => {
  await expect.poll(() => page.textContent('#job-rows .row-title'), patience).toBe('Grüezi "1".mp4');
  expect(await page.textContent('#job-rows .badge')).toBe('Waiting');
});

it('follows the job until the film plays', async () => {
  await page.click('#job-rows a');
  job = decodeURIComponent(new URL(page.url()).pathname.split('/')[2] ?? '');
  await expect.poll(() => page.textContent('#state'), patience).toBe('Waiting');
  farm.startWorker();
  await page.waitForSelector('#player:not([hidden])', { timeout: 60_000 });
  await page.click('#big-play');
  const time = () =>
    page.$eval('#video', (video) => (video as unknown as { currentTime: number }).currentTime);
  await expect.poll(time, patience).toBeGreaterThan(0.3);
  // The upload's own event made no second one.
  expect(await farm.jobIds()).toEqual([job]);
}, 90_000);

it.each(widths)('fits into a window %i pixels wide', async (width) => {
  await page.setViewportSize({ width, height: 900 });
  for (const path of ['/', `/jobs/${job}`, '/farm']) {
    await page.goto(`${portal.origin}${path}`);
    await page.waitForSelector('main h1');
    const hidden = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(hidden, path).toBeLessThanOrEqual(0);
  }
});

async function save(text: string): Promise<{ name: string; bytes: number }> {
  const link = page.locator('a.download', { hasText: text });
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  const { size } = await stat(await download.path());
  return { name: download.suggestedFilename(), bytes: size };
}

it('saves the original under its own name', async () => {
  await page.goto(`${portal.origin}/jobs/${job}`);
  const { name, bytes } = await save('Original');
  expect(name).toBe('Grüezi _1_.mp4');
  expect(bytes).toBeGreaterThan(2 * partBytes);
});

it('saves the MP4 that was asked for', async () => {
  const { name, bytes } = await save('360p.mp4');
  expect(name).toBe('Grüezi _1_ 360p.mp4');
  expect(bytes).toBeLessThan(mebibyte);
});

it('shares one film with who is not signed in', async () => {
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByLabel('Link').inputValue();
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await other.waitForSelector('#qualities:not([hidden])', { timeout: 15_000 });
  expect(await other.textContent('h1')).toBe('Grüezi "1".mp4');
  expect(await other.isVisible('#actions')).toBe(false);
  await other.goto(portal.origin);
  await expect.poll(() => new URL(other.url()).pathname, patience).toBe('/sign-in');
  await other.context().close();
  await page.keyboard.press('Escape');
}, 40_000);

it('deletes a film only after a question', async () => {
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Keep it' }).click();
  expect(await farm.read(`${job}/index.m3u8`)).toBeDefined();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => page.isVisible('#no-jobs'), patience).toBe(true);
  expect(await farm.keys('')).toEqual([]);
});

it('signs out, and shows nothing any more', async () => {
  await page.click('#sign-out');
  await expect.poll(() => new URL(page.url()).pathname, patience).toBe('/sign-in');
  const status = await page.evaluate(`fetch('/api/jobs').then(({ status }) => status)`);
  expect(status).toBe(401);
  expect(problems).toEqual([]);
});
