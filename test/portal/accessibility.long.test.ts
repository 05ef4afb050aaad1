import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalPortal } from '../../portal/src/local.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { startPortal } from '../helpers/portal/portal.ts';
import { jobsInEachState, putJob } from '../helpers/portal/sample-jobs.ts';

/** What axe looks at in each theme: a theme changes colours alone, and these are all of its rules that read them. */
const themes = {
  light: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  dark: ['color-contrast', 'link-in-text-block'],
} as const;
const widths = [1440, 768, 390];

let farm: TestFarm;
let portal: LocalPortal;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  farm = await startLocalFarm();
  for (const job of jobsInEachState()) await putJob(farm, job);
  portal = await startPortal(farm);
  browser = await startBrowser();
  page = await browser.newPage();
  await page.goto(portal.signInUrl());
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  await farm?.stop();
});

/** What axe finds wrong in each theme at each width: where, the rule, and in what. */
async function problems(): Promise<string[]> {
  const found: string[] = [];
  // By the debugger: the page's policy lets no script of others in.
  await page.evaluate(axe.source);
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of widths) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      const { violations } = (await page.evaluate(
        `axe.run(document, { runOnly: ${JSON.stringify(themes[colorScheme])} })`,
      )) as axe.AxeResults;
      for (const { id, nodes } of violations) {
        const where = nodes.map(({ html }) => html.slice(0, 120)).join(' | ');
        found.push(`${colorScheme}, ${width} pixels: ${id}: ${where}`);
      }
    }
  return found;
}

describe('in both themes and at three widths axe finds nothing', () => {
  it.each([
    ['the list of films', '/', '#job-rows li'],
    ['a running job', '/jobs/running', '#progress:not([hidden])'],
    ['a failed job', '/jobs/failed', '#failure:not([hidden])'],
    ['a film', '/jobs/ready', '#ladder:not([hidden])'],
    ['the farm', '/farm', '#day-charts svg'],
    ['the sign-in', '/sign-in', '.sign-in'],
  ])('on %s', async (_, path, shown) => {
    await page.goto(`${portal.origin}${path}`);
    await page.waitForSelector(shown);
    expect(await problems()).toEqual([]);
  });

  it('on what is shown before an upload', async () => {
    await page.goto(`${portal.origin}/`);
    const buffer = Buffer.from('not a film that browsers know');
    await page.setInputFiles('#choose-files', { name: 'a.mxf', mimeType: 'application/mxf', buffer });
    await page.getByText('the farm reads more').waitFor();
    await page.getByText('More', { exact: true }).click();
    await page.getByText('Texts over the picture').click();
    await page.getByRole('button', { name: 'Add a text' }).click();
    expect(await problems()).toEqual([]);
  });

  it('on the keys of the player', async () => {
    await page.goto(`${portal.origin}/jobs/ready`);
    await page.waitForSelector('#player:not([hidden])');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keys of the player' }).waitFor();
    expect(await problems()).toEqual([]);
  });

  it('on the dialog of subtitles', async () => {
    await page.goto(`${portal.origin}/jobs/ready`);
    await page.getByRole('button', { name: 'Subtitles', exact: true }).last().click();
    await page.getByLabel('Language').waitFor();
    expect(await problems()).toEqual([]);
  });

  it('on the dialog that shares a film', async () => {
    await page.goto(`${portal.origin}/jobs/ready`);
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.getByLabel('Link').waitFor();
    expect(await problems()).toEqual([]);
  });
});

it('chooses what is made by the keyboard alone', async () => {
  await page.goto(`${portal.origin}/`);
  await page.setInputFiles('#choose-files', {
    name: 'a.mxf',
    mimeType: 'application/mxf',
    buffer: Buffer.from('x'),
  });
  await page.waitForSelector('#prepare:not([hidden])');
  const reached: string[] = [];
  for (let presses = 0; presses < 16; presses += 1) {
    await page.keyboard.press('Tab');
    reached.push(
      (await page.evaluate(
        'document.activeElement.value || document.activeElement.id || document.activeElement.tagName',
      )) as string,
    );
  }
  // Of radio buttons the chosen one; arrow keys choose another.
  expect(reached).toEqual(
    expect.arrayContaining(['a.mxf', 'mp4', 'gif', 'SUMMARY', 'prepare-cancel', 'prepare-start']),
  );
});

it('reaches everything on the list by the keyboard', async () => {
  await page.goto(`${portal.origin}/`);
  await page.waitForSelector('#job-rows li');
  const reached: string[] = [];
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    reached.push(
      (await page.evaluate(
        'document.activeElement.id || document.activeElement.getAttribute("href")',
      )) as string,
    );
  }
  expect(reached).toEqual(
    expect.arrayContaining(['#view', '/farm', 'sign-out', 'choose-files', 'choose-folder', '/jobs/ready']),
  );
});
