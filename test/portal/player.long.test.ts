import { writeFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalPortal } from '../../portal/src/local.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { makeCountedFilm } from '../helpers/media/counted-film.ts';
import { startPortal } from '../helpers/portal/portal.ts';

const filmSeconds = 12;

let farm: TestFarm;
let portal: LocalPortal;
/** A link that signs in and shows a job. */
const jobUrl = (id: string) => portal.signInUrl(`/jobs/${id}`);
let browser: Browser;
let page: Page;
let job: JobState;
const problems: string[] = [];

/** A film made by a real worker, shown by the page in a real browser. */
beforeAll(async () => {
  await using folder = await temporaryFolder();
  const film = `${folder.path}/two tracks.mp4`;
  await writeFile(`${folder.path}/words.srt`, '1\n00:00:00,000 --> 00:00:12,000\nWords <i>on</i> the film\n');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${filmSeconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=300:sample_rate=48000:duration=${filmSeconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=600:sample_rate=48000:duration=${filmSeconds}`],
    ...['-i', `${folder.path}/words.srt`, '-map', '0', '-map', '1', '-map', '2', '-map', '3'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
    ...['-metadata:s:s:0', 'language=eng', '-c:s', 'mov_text'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', film],
  );
  // Jobs come from the queue alone, each with a title.
  farm = await startLocalFarm({
    env: { SOURCE_SUFFIXES: '.none', X264_PRESET: 'ultrafast', SEGMENT_SECONDS: '2', ENCODER: 'x264' },
  });
  await farm.put('two tracks.mp4', film);
  await makeCountedFilm(`${folder.path}/short.mp4`, { size: [160, 90], seconds: 2 });
  await farm.put('short.mp4', `${folder.path}/short.mp4`);
  farm.startWorker();
  const jobId = await farm.sendJob({ source: 'two tracks.mp4', title: 'Two <b>tracks</b>' });
  job = await farm.waitFor(jobId, 'succeeded', 100);
  portal = await startPortal(farm);
  browser = await startBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(jobUrl(jobId));
  await page.waitForSelector('#qualities:not([hidden])');
}, 150_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  await farm?.stop();
});

const video = <T>(read: (element: Video) => T): Promise<T> =>
  page.$eval('#video', read as never) as unknown as Promise<T>;

/** What is read here of the page's video element. */
interface Video {
  currentTime: number;
  duration: number;
  paused: boolean;
  videoHeight: number;
  readyState: number;
}

it('plays', async () => {
  await page.click('#big-play');
  await expect.poll(() => video(({ currentTime }) => currentTime), { timeout: 15_000 }).toBeGreaterThan(0.5);
  expect(await video(({ duration }) => duration)).toBeCloseTo(filmSeconds, 0);
  expect(await page.getAttribute('#play', 'aria-label')).toBe('Pause');
});

it('seeks to where the line is clicked', async () => {
  const line = await page.locator('#seek').boundingBox();
  await page.mouse.click(
    (line?.x ?? 0) + (line?.width ?? 0) * 0.75,
    (line?.y ?? 0) + (line?.height ?? 0) / 2,
  );
  await expect
    .poll(() => video(({ currentTime }) => currentTime), { timeout: 15_000 })
    .toBeGreaterThan(filmSeconds * 0.7);
  await expect
    .poll(() => video(({ readyState }) => readyState), { timeout: 15_000 })
    .toBeGreaterThanOrEqual(2);
});

it('goes on by keys', async () => {
  await page.keyboard.press('0');
  await expect.poll(() => video(({ currentTime }) => currentTime)).toBeLessThan(3);
  await page.keyboard.press('k');
  await expect.poll(() => video(({ paused }) => paused)).toBe(true);
  await page.keyboard.press('5');
  await expect.poll(() => video(({ currentTime }) => currentTime)).toBeCloseTo(filmSeconds / 2, 1);
});

it('switches to each quality of the ladder, and back to automatic', async () => {
  await page.keyboard.press('0');
  await page.keyboard.press('k');
  const rungs = (job.film?.renditions ?? []).filter(({ kind }) => kind === 'video');
  expect(rungs.length).toBeGreaterThanOrEqual(2);
  for (const { name, height } of rungs.toReversed()) {
    await page.click('#qualities > button');
    await page.getByRole('menuitemradio', { name: new RegExp(`^${name}`) }).click();
    await page.keyboard.press('0');
    await expect.poll(() => video(({ videoHeight }) => videoHeight), { timeout: 15_000 }).toBe(height);
    expect(await page.textContent('#qualities .choice')).toBe(name);
    await expect.poll(() => page.textContent('#ladder-rows .playing th span')).toBe(name);
  }
  await page.click('#qualities > button');
  await page.getByRole('menuitemradio', { name: /^Auto/ }).click();
  expect(await page.textContent('#qualities .choice')).toMatch(/^Auto/);
});

it('switches the audio track', async () => {
  await page.click('#tracks > button');
  const items = page.locator('#tracks [role=menuitemradio]');
  expect(await items.count()).toBe(2);
  await items.nth(1).click();
  await page.click('#tracks > button');
  await expect.poll(() => items.nth(1).getAttribute('aria-checked')).toBe('true');
  await page.keyboard.press('Escape');
});

const shownWords = () =>
  page.evaluate(
    "[...document.querySelector('#video').textTracks].filter(({ mode }) => mode === 'showing').flatMap(({ activeCues }) => [...(activeCues ?? [])].map((cue) => cue.getCueAsHTML().textContent))",
  );

it('shows subtitles by the menu and by a key, and turns them off', async () => {
  expect(await shownWords()).toEqual([]);
  await page.click('#captions > button');
  const names = await page.locator('#captions [role=menuitemradio] span:first-child').allTextContents();
  expect(names).toEqual(['Off', 'English', 'Style…']);
  await page
    .locator('#captions')
    .getByRole('menuitemradio', { name: /^English/ })
    .click();
  expect(await page.textContent('#captions .choice')).toBe('en');
  await expect.poll(shownWords, { timeout: 15_000 }).toEqual(['Words on the film']);
  await page.keyboard.press('c');
  expect(await shownWords()).toEqual([]);
  await page.keyboard.press('c');
  await expect.poll(shownWords, { timeout: 15_000 }).toEqual(['Words on the film']);
});

it('shows subtitles as a viewer wants them, also in the next film', async () => {
  await page.click('#captions > button');
  await page
    .locator('#captions')
    .getByRole('menuitemradio', { name: /^Style/ })
    .click();
  await page.getByLabel('Size').selectOption('large');
  await page.getByLabel('Text').selectOption('yellow');
  await page.getByLabel('Background').selectOption('solid');
  await page.getByRole('button', { name: 'Close' }).click();
  const look = () =>
    page.$eval('#video', (element) => ({ ...(element as unknown as { dataset: object }).dataset }));
  const wanted = { cueSize: 'large', cueColor: 'yellow', cueBackground: 'solid' };
  expect(await look()).toMatchObject(wanted);
  await page.reload();
  await page.waitForSelector('#captions:not([hidden])');
  await expect.poll(() => page.textContent('#captions .choice'), { timeout: 15_000 }).toBe('en');
  expect(await look()).toMatchObject(wanted);
  // A film that has not moved yet shows its poster, and no words over it.
  await expect.poll(() => video(({ readyState }) => readyState)).toBeGreaterThanOrEqual(2);
  await page.keyboard.press('5');
  await expect.poll(shownWords, { timeout: 15_000 }).toEqual(['Words on the film']);
});

it('shows what the film shows under the pointer, from the storyboard', async () => {
  const line = await page.locator('#seek').boundingBox();
  const picture = page.locator('#thumbnail-picture div');
  const seen = new Set<string>();
  for (const share of [0.1, 0.9]) {
    await page.mouse.move((line?.x ?? 0) + (line?.width ?? 0) * share, (line?.y ?? 0) + 8);
    await expect.poll(() => page.locator('#thumbnail').isVisible()).toBe(true);
    seen.add((await picture.getAttribute('style')) ?? '');
  }
  expect(seen.size).toBe(2);
  expect([...seen].every((style) => style.includes('/storyboard/'))).toBe(true);
  expect(await page.textContent('#thumbnail-time')).toBe('0:10');
});

it('shows the ladder and where the time went as they were reported', async () => {
  const names = await page.locator('#ladder-rows th span').allTextContents();
  expect(names).toEqual(job.film?.renditions.map(({ name }) => name));
  expect(await page.locator('#times-list dt').allTextContents()).toEqual([
    'Waiting',
    'Probing',
    'Encoding',
    'Publishing',
  ]);
});

it('shows text from outside as text', async () => {
  expect(await page.textContent('h1')).toBe('Two <b>tracks</b>');
});

it('plays faster and slower by the menu and by keys', async () => {
  const rate = () =>
    page.$eval('#video', (element) => (element as unknown as { playbackRate: number }).playbackRate);
  await page.click('#speeds > button');
  await page.getByRole('menuitemradio', { name: /^1.5×/ }).click();
  expect(await rate()).toBe(1.5);
  // The menu hears of it by an event.
  await expect.poll(() => page.textContent('#speeds .choice')).toBe('1.5×');
  await page.keyboard.press('>');
  expect(await rate()).toBe(1.75);
  for (const _ of [1, 2, 3]) await page.keyboard.press('<');
  expect(await rate()).toBe(1);
  await expect.poll(() => page.textContent('#speeds .choice')).toBe('');
});

it('steps through single pictures while it is paused', async () => {
  if (!(await video(({ paused }) => paused))) await page.keyboard.press('k');
  await page.keyboard.press('5');
  const before = await video(({ currentTime }) => currentTime);
  await page.keyboard.press('.');
  expect((await video(({ currentTime }) => currentTime)) - before).toBeCloseTo(1 / 30, 3);
});

it('offers to play again at the end', async () => {
  await page.keyboard.press('End');
  await page.keyboard.press('k');
  await expect.poll(() => page.getAttribute('#play', 'aria-label'), { timeout: 15_000 }).toBe('Play again');
  await page.click('#big-play');
  await expect.poll(() => video(({ currentTime }) => currentTime)).toBeLessThan(3);
  await page.keyboard.press('k');
});

it('lists its keys at a question mark', async () => {
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys of the player' }).waitFor();
  await page.keyboard.press('Escape');
  expect(await page.isVisible('dialog')).toBe(false);
});

it('reports to the system what plays', async () => {
  const session = await page.evaluate(
    '({ title: navigator.mediaSession.metadata.title, art: navigator.mediaSession.metadata.artwork[0].src })',
  );
  expect(session).toEqual({ title: 'Two <b>tracks</b>', art: expect.stringMatching(/poster\.jpg$/) });
});

it.each([
  ['t=6', 6],
  ['t=0m5s', 5],
  ['t=nonsense', 0],
])('begins at the time of the address: ?%s', async (query, seconds) => {
  const other = await (await browser.newContext()).newPage();
  await other.goto(portal.signInUrl(`/jobs/${job.id}?${query}`));
  await other.waitForSelector('#qualities:not([hidden])');
  const time = () => other.$eval('#video', (element) => (element as unknown as Video).currentTime);
  await expect.poll(time).toBeCloseTo(seconds, 1);
  expect(await other.isVisible('#big-play')).toBe(true);
  await other.context().close();
});

it('keeps the volume for the next film', async () => {
  await page.keyboard.press('m');
  await page.reload();
  await page.waitForSelector('#qualities:not([hidden])');
  expect(await page.getAttribute('#mute', 'aria-label')).toBe('Unmute');
  await page.keyboard.press('m');
});

it('shares the film from where it is', async () => {
  await page.keyboard.press('5');
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByLabel('Begin at 0:06').check();
  await page.getByRole('button', { name: 'Make a link' }).click();
  expect(await page.getByLabel('Link').inputValue()).toMatch(/\?t=6$/);
  await page.keyboard.press('Escape');
});

it('makes a file of a rendition that was not asked for', async () => {
  await page.getByRole('button', { name: 'Make a file' }).click();
  await page.getByLabel('Kind of file').selectOption('mp4:240p');
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.locator('a.download', { hasText: '240p.mp4' }).waitFor({ timeout: 40_000 });
}, 60_000);

it('adds subtitles to a published film, and removes them', async () => {
  const dialog = page.getByRole('dialog', { name: 'Subtitles' });
  const open = () => page.getByRole('button', { name: 'Subtitles', exact: true }).last().click();
  await open();
  const tracks = dialog.getByRole('listitem');
  expect(await tracks.count()).toBe(1);
  await dialog.getByRole('button', { name: 'Add' }).click();
  await expect.poll(() => dialog.getByRole('alert').textContent()).toBe('Choose a file first.');
  const content = '1\n00:00:01,000 --> 00:00:04,000\nGrüezi\n';
  const file = { name: 'words.srt', mimeType: 'text/plain', buffer: Buffer.from(content) };
  await dialog.getByLabel('File (SRT').setInputFiles(file);
  await dialog.getByRole('button', { name: 'Add' }).click();
  await expect.poll(() => dialog.getByRole('alert').textContent()).toContain('the file name says none');
  // Chromium writes an error for that answer.
  expect(problems.splice(0)).toEqual([expect.stringContaining('400')]);
  await dialog.getByLabel('Language').fill('gsw');
  await dialog.getByLabel('Kind').selectOption('for the deaf and hard of hearing');
  await dialog.getByRole('button', { name: 'Add' }).click();
  const made = async () => (await farm.waitFor(job.id, 'succeeded', 60)).film?.subtitles ?? [];
  await expect.poll(made, { timeout: 30_000 }).toHaveLength(2);
  expect((await made()).at(-1)).toMatchObject({ language: 'gsw', kind: 'sdh', cues: 1 });
  await page.waitForSelector('#actions:not([hidden]) >> text=Delete');
  await page.waitForSelector('#captions:not([hidden])');
  // Keys go on in the film's page, whose times are not those of the film any more.
  expect(await page.evaluate('document.activeElement.id')).toBe('view');
  expect(await page.isVisible('#times')).toBe(false);
  await open();
  await dialog.getByRole('button', { name: /^Remove .*(Swiss|gsw)/i }).click();
  await expect.poll(made, { timeout: 30_000 }).toHaveLength(1);
  await page.waitForSelector('#captions:not([hidden])');
}, 90_000);

it('says that a private film can’t be played by other pages', async () => {
  expect(await page.textContent('#addresses-note')).toContain('private');
  expect(await page.isVisible('#address-fields .copy-field')).toBe(false);
});

it('met no error on the way', () => {
  expect(problems).toEqual([]);
});

it('says why a job has no film', async () => {
  await farm.put('notes.txt', Buffer.from('no film'));
  const id = await farm.sendJob({ source: 'notes.txt' });
  const failed = await farm.waitFor(id, 'failed', 60);
  const other = await browser.newPage();
  await other.goto(jobUrl(id));
  await expect.poll(() => other.textContent('#failure-message')).toBe(failed.error?.message);
  expect(await other.textContent('#failure-advice')).toContain('are not films');
  expect(await other.isVisible('#player')).toBe(false);
  await other.close();
});

it('waits on the page of a job that has no status yet', async () => {
  const other = await browser.newPage();
  await other.goto(jobUrl('queued-film'));
  await expect.poll(() => other.textContent('#state')).toBe('Waiting');
  expect(await other.isVisible('#failure')).toBe(false);
  const id = await farm.sendJob({ id: 'queued-film', source: 'short.mp4' });
  await farm.waitFor(id, 'succeeded', 60);
  await other.waitForSelector('#player:not([hidden])');
  await other.close();
}, 90_000);

it('plays at a tap on the middle of a phone, and shows every quality inside the player', async () => {
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true });
  const other = await phone.newPage();
  await other.goto(jobUrl(job.id));
  await other.waitForSelector('#qualities:not([hidden])');
  const box = (await other.locator('#player').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await other.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await expect.poll(() => other.getAttribute('#play', 'aria-label'), { timeout: 15_000 }).toBe('Pause');
  await other.tap('#qualities > button');
  const menu = (await other.locator('#qualities .menu').boundingBox()) ?? { y: 0 };
  expect(menu.y).toBeGreaterThanOrEqual(box.y);
  await phone.close();
}, 60_000);

it('keeps the names in a menu beside the mark of what is chosen, and a dialog’s fields inside it, on a phone', async () => {
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true });
  const other = await phone.newPage();
  await other.goto(jobUrl(job.id));
  await other.waitForSelector('#captions:not([hidden])');
  const left = async (found: Locator) => (await found.boundingBox())?.x ?? 0;
  for (const menu of ['qualities', 'speeds', 'captions']) {
    await other.tap(`#${menu} > button`);
    const item = other.locator(`#${menu} [role=menuitemradio]`).first();
    // The mark ends 21 pixels from the left. A menu is made again when the player chooses another quality.
    const indent = async () => (await left(item.locator('span').first())) - (await left(item));
    await expect.poll(indent, { timeout: 15_000 }).toBeGreaterThan(21);
    await other.keyboard.press('Escape');
  }
  await other.tap('#actions >> text=Make a file');
  const dialog = await other.locator('dialog').boundingBox();
  const select = await other.locator('dialog select').boundingBox();
  expect((select?.x ?? 390) + (select?.width ?? 1)).toBeLessThan((dialog?.x ?? 0) + (dialog?.width ?? 0));
  await phone.close();
}, 60_000);

it.each([390, 320])(
  'has all buttons inside the player on a phone of %i pixels',
  async (width) => {
    const phone = await browser.newContext({ viewport: { width, height: 700 }, hasTouch: true });
    const small = await phone.newPage();
    await small.goto(jobUrl(job.id));
    await small.waitForSelector('#captions:not([hidden])');
    const player = await small.locator('#player').boundingBox();
    const right = (player?.x ?? 0) + (player?.width ?? 0);
    for (const button of await small.locator('#controls .row button:visible').all()) {
      const box = await button.boundingBox();
      expect(
        (box?.x ?? right) + (box?.width ?? 1),
        `${await button.getAttribute('aria-label')}`,
      ).toBeLessThan(right);
    }
    await phone.close();
  },
  30_000,
);

it('leaves arrow keys to the volume slider', async () => {
  await page.keyboard.press('5');
  await page.focus('#volume');
  const before = await video(({ currentTime, paused }) => ({ currentTime, paused }));
  if (!before.paused) await page.click('#play');
  await page.focus('#volume');
  const at = await video(({ currentTime }) => currentTime);
  await page.keyboard.press('ArrowLeft');
  expect(await video(({ currentTime }) => currentTime)).toBe(at);
});
