import { join } from 'node:path';
import axe from 'axe-core';
import { expect, it } from 'vitest';
import { startBrowser } from '../helpers/browser/browser.ts';
import { startLocalFarm } from '../helpers/local-farm/local-farm.ts';
import { ffmpeg, temporaryFolder } from '../helpers/media/clips.ts';
import { startPortal } from '../helpers/portal/portal.ts';

const patience = { timeout: 20_000 };

it('uploads a film, plays it when a worker has made it, and deletes it, and axe finds nothing in what is shown', async () => {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  const film = join(folder.path, 'Grüezi.mp4');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=2'],
    ...['-f', 'lavfi', '-i', 'sine=duration=2', '-preset', 'ultrafast', '-c:a', 'aac', film],
  );
  const env = { SOURCE_SUFFIXES: '.mp4', X264_PRESET: 'ultrafast', ENCODER: 'x264' } as const;
  const farm = opened.adopt(await startLocalFarm({ env }), (started) => started.stop());
  const portal = opened.adopt(await startPortal(farm), (started) => started.close());
  const browser = opened.adopt(await startBrowser(), (started) => started.close());
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  farm.startWorker();

  await page.goto(portal.signInUrl());
  await expect.poll(() => page.isVisible('#no-jobs'), patience).toBe(true);
  await page.setInputFiles('#choose-files', film);
  await page.getByRole('button', { name: 'Upload and start' }).click();
  await expect.poll(() => page.textContent('#job-rows .row-title'), patience).toBe('Grüezi.mp4');
  await page.click('#job-rows a');
  await page.waitForSelector('#player:not([hidden])', { timeout: 60_000 });
  await page.click('#big-play');
  const time = () =>
    page.$eval('#video', (video) => (video as unknown as { currentTime: number }).currentTime);
  await expect.poll(time, patience).toBeGreaterThan(0.3);
  await page.evaluate(axe.source);
  const found = await page.evaluate(`axe.run().then(({ violations }) => violations.map(({ help }) => help))`);
  expect(found).toEqual([]);

  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => page.isVisible('#no-jobs'), patience).toBe(true);
  expect(await farm.keys('')).toEqual([]);
  expect(problems).toEqual([]);
}, 120_000);
