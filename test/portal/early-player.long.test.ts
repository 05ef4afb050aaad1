import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalPortal } from '../../portal/src/local.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { startPortal } from '../helpers/portal/portal.ts';
import { type StoredFilm, storeFilm } from '../helpers/portal/stored-film.ts';
import { running } from '../helpers/reports/job-states.ts';

let farm: TestFarm;
let portal: LocalPortal;
let browser: Browser;
let page: Page;
let film: StoredFilm;
const patience = { timeout: 20_000 };
/** What a slow network takes for the first segment. */
const slowSeconds = 2.5;
let asked = 0;

beforeAll(async () => {
  farm = await startLocalFarm();
  portal = await startPortal(farm);
  film = await storeFilm(farm, 'made', 12, [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=90x160:rate=25'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=48000'],
  ]);
  browser = await startBrowser();
  page = await browser.newPage();
  await page.route(/\/00000\.m4s/, async (route) => {
    asked += 1;
    const answer = await route.fetch();
    await new Promise((resolve) => setTimeout(resolve, slowSeconds * 1000));
    // The page may have taken its request back.
    await route.fulfill({ response: answer }).catch(() => undefined);
  });
  await film.report(running(film.id));
  await page.goto(portal.signInUrl(`/jobs/${film.id}`));
  await page.waitForSelector('#progress:not([hidden])');
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  await farm?.stop();
});

const ask = <T>(expression: string) => page.evaluate(expression) as Promise<T>;

it('draws a job again only when something has changed', async () => {
  const answers = async (count: number) => {
    for (let n = 0; n < count; n += 1)
      await page.waitForResponse((response) => response.url().endsWith(`/api/jobs/${film.id}`));
  };
  await ask(`
    window.draws = 0;
    new MutationObserver(() => { draws += 1; }).observe(document.querySelector('#facts'), { childList: true });
    undefined`);
  await answers(3);
  expect(await ask('draws')).toBe(0);
  await film.report({ ...running(film.id), warnings: ['something is new'] });
  await expect.poll(() => ask('draws'), patience).toBe(1);
});

it('draws progress at once: where no GPU draws, each frame of a bar that slides takes from the encoders of this machine', async () => {
  const drawn = ask(`
    new Promise((resolve) => {
      const bar = document.querySelector('#progress-bar').firstElementChild;
      new MutationObserver(() => resolve([bar.style.width, document.getAnimations().length])).observe(bar, { attributes: true });
    })`);
  const progress = { percent: 40, publishedSegments: 1, publishedBytes: 1000, renditions: [] };
  await film.report({ ...running(film.id), progress });
  expect(await drawn).toEqual(['40%', 0]);
});

it('does not say where the time went while the longest stage is missing', async () => {
  await film.report({
    ...running(film.id),
    timings: { waitSeconds: 2, probeSeconds: 1 },
    warnings: ['it is probed'],
  });
  await expect.poll(() => page.textContent('#notes-list'), patience).toBe('it is probed');
  expect(await page.isVisible('#times')).toBe(false);
});

it('plays a film that is still made from its first segment on, also where that takes long to load', async () => {
  expect(await page.isVisible('#player')).toBe(false);
  await film.listEarly(1);
  await film.report(film.playable);
  await page.waitForSelector('#player:not([hidden])');
  await expect.poll(() => ask('player.video.readyState >= 2'), patience).toBe(true);
  expect(await ask('player.video.currentTime')).toBe(0);
  // Looking for news of the playlist did not end the load.
  expect(asked).toBe(1);
  expect(await page.textContent('#progress')).toContain('You can watch it already');
  expect(await page.isVisible('#so-far')).toBe(true);
  expect(
    await ask("Number(document.querySelector('#player').style.getPropertyValue('--shape'))"),
  ).toBeCloseTo(9 / 16);
});

it('looks for its second segment sooner than players do, once each time', async () => {
  const pauses = async () => {
    const asked = await ask<number[]>(
      "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/early/film.m3u8')).map(({ startTime }) => startTime)",
    );
    // Players ask after a target duration of 2 s, and then after half of one.
    return asked.slice(1).map((time, n) => time - (asked[n] ?? 0));
  };
  await expect
    .poll(async () => (await pauses()).filter((ms) => ms < 900).length, patience)
    .toBeGreaterThan(1);
  expect(Math.min(...(await pauses()))).toBeGreaterThan(400);
});

it('goes on where the playlist grows, and over to the whole film at a pause without losing its place', async () => {
  await ask('player.video.muted = true; player.video.play()');
  await film.listEarly(film.segments);
  await expect.poll(() => ask('player.video.duration'), patience).toBeCloseTo(12, 0);
  await film.report(film.whole());
  await expect.poll(() => page.getAttribute('#state', 'data-state'), patience).toBe('succeeded');
  expect(await page.isVisible('#so-far')).toBe(false);
  expect(await ask('player.hls.url')).toMatch(/\/early\/index\.m3u8$/);
  const before = await ask<number>('(player.video.pause(), player.video.currentTime)');
  await expect.poll(() => ask('player.hls.url'), patience).toMatch(/\/made\/index\.m3u8$/);
  await expect.poll(() => ask('player.video.readyState >= 2'), patience).toBe(true);
  expect(await ask('player.video.currentTime')).toBeCloseTo(before, 0);
});

it('asks for the first segment of the audio while that of the picture is on its way', async () => {
  const apart = await storeFilm(farm, 'apart', 2, [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=90x160:rate=25'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=48000'],
  ]);
  const put = (name: string, lines: readonly string[]) =>
    farm.s3.send(
      new PutObjectCommand({
        Bucket: farm.outputBucket,
        Key: `${apart.id}/made/early/${name}`,
        Body: ['#EXTM3U', ...lines, ''].join('\n'),
      }),
    );
  await put('film.m3u8', [
    ...['#EXT-X-VERSION:6', '#EXT-X-TARGETDURATION:2', '#EXT-X-PLAYLIST-TYPE:EVENT'],
    ...['#EXT-X-MAP:URI="../film/init.mp4"', '#EXTINF:2,', '../film/00000.m4s'],
  ]);
  await put('audio.m3u8', [
    ...['#EXT-X-VERSION:6', '#EXT-X-TARGETDURATION:2', '#EXT-X-PLAYLIST-TYPE:EVENT'],
    ...['#EXT-X-MAP:URI="../audio/init.mp4"', '#EXTINF:2,', '../audio/00000.m4s'],
  ]);
  await put('index.m3u8', [
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.4d400d,mp4a.40.2",AUDIO="audio"',
    'film.m3u8',
  ]);
  await apart.report(apart.playable);
  const other = await browser.newPage();
  const audioAsked = Promise.withResolvers<void>();
  await other.route(/\/film\/00000\.m4s/, async (route) => {
    await audioAsked.promise;
    await route.abort();
  });
  await other.route(/\/audio\/00000\.m4s/, (route) => {
    audioAsked.resolve();
    return route.abort();
  });
  await other.goto(portal.signInUrl(`/jobs/${apart.id}`));
  await audioAsked.promise;
  await other.close();
});
