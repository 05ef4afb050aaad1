import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evenGainDb } from '../../portal/page/player/loudness.js';
import type { LocalPortal } from '../../portal/src/local.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { startPortal } from '../helpers/portal/portal.ts';
import { storeFilm } from '../helpers/portal/stored-film.ts';
import { film as anyFilm } from '../helpers/reports/job-states.ts';

describe('the gain of a track', () => {
  it.each([
    ['takes a loud track down', -9, -0.5, -7],
    ['brings a quiet one up', -30, -26, 14],
    ['is as large as its peaks allow', -24, -4, 3],
    ['is none for a quiet one that has no room above its peaks', -24, 0.4, 0],
  ])('%s', (_, integratedLufs, truePeakDbtp, gainDb) => {
    expect(evenGainDb({ integratedLufs, truePeakDbtp })).toBe(gainDb);
  });

  it('is none for silence, and for what was not measured', () => {
    expect(evenGainDb({ integratedLufs: undefined, truePeakDbtp: -90 })).toBe(0);
    expect(evenGainDb(undefined)).toBe(0);
  });
});

/** Listens to all that the page sends to the loudspeakers through Web Audio. */
const listen = `
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      window.ear = new AnalyserNode(this.context, { fftSize: 32768 });
      connect.call(this, window.ear);
    }
    return connect.call(this, to, ...more);
  };
  window.rmsDb = () => {
    const samples = new Float32Array(window.ear.fftSize);
    window.ear.getFloatTimeDomainData(samples);
    return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length);
  };
`;

const filmSeconds = 20;
/** Of a tone of 1 kHz in one channel: EBU R 128 says the same number as its RMS. */
const loud = { integratedLufs: -9, truePeakDbtp: -6 };
const quiet = { integratedLufs: -29, truePeakDbtp: -26 };

let farm: TestFarm;
let portal: LocalPortal;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  farm = await startLocalFarm();
  portal = await startPortal(farm);
  for (const [id, loudness] of Object.entries({ loud, quiet, unknown: undefined })) {
    const amplitude = Math.SQRT2 * 10 ** ((loudness?.integratedLufs ?? -20) / 20);
    const film = await storeFilm(farm, id, filmSeconds, [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x36:rate=5'],
      ...['-f', 'lavfi', '-i', `aevalsrc=${amplitude}*sin(2*PI*1000*t):s=48000`],
    ]);
    const [picture, audio] = anyFilm.renditions;
    if (!picture || !audio) throw new Error('a film has both');
    await film.report(film.whole({ renditions: [picture, { ...audio, ...(loudness && { loudness }) }] }));
  }
  browser = await startBrowser();
  page = await browser.newPage();
  await page.addInitScript(listen);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  await farm?.stop();
});

async function open(id: string): Promise<void> {
  await page.goto(portal.signInUrl(`/jobs/${id}`));
  await expect.poll(() => ask('window.player?.video?.readyState >= 2'), { timeout: 15_000 }).toBe(true);
}

const ask = <T>(expression: string) => page.evaluate(expression) as Promise<T>;
const item = () => page.getByRole('menuitemcheckbox', { name: 'Even loudness' });
const hears = (lufs: number) =>
  expect
    .poll(async () => Math.abs((await ask<number>('rmsDb()')) - lufs), { timeout: 15_000 })
    .toBeLessThan(0.5);

it('a loud film is played at the loudness of all by a switch that keys reach, and as it is again', async () => {
  await open('loud');
  await page.focus('#tracks > button');
  await page.keyboard.press('ArrowDown');
  expect(await item().getAttribute('aria-checked')).toBe('false');
  expect(await item().textContent()).toContain('−7 dB');
  await page.keyboard.press('Enter');
  await page.keyboard.press('k');
  await hears(-16);
  await page.keyboard.press('ArrowDown');
  expect(await item().getAttribute('aria-checked')).toBe('true');
  await page.keyboard.press('Enter');
  await hears(-9);
});

it('the next film is as loud, as the choice is kept', async () => {
  await page.focus('#tracks > button');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await open('quiet');
  await page.keyboard.press('k');
  await hears(-16);
});

it('a film that was not measured has no such switch, and its audio stays as it is', async () => {
  await open('unknown');
  await page.keyboard.press('k');
  await hears(-20);
  expect(await page.isVisible('#tracks')).toBe(false);
});

it('nothing is changed of how audio is played where no one asked for it', async () => {
  await ask('localStorage.clear()');
  await open('loud');
  await page.keyboard.press('k');
  await expect.poll(() => ask('player.video.currentTime'), { timeout: 15_000 }).toBeGreaterThan(0.5);
  expect(await ask('window.ear === undefined')).toBe(true);
});

it('is not offered where the browser plays HLS itself, and Web Audio would get silence', async () => {
  await page.route('**/assets/hls.js', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: 'window.Hls = { isSupported: () => false };' }),
  );
  await page.goto(portal.signInUrl('/jobs/loud'));
  await expect.poll(() => ask("window.player?.video.src ?? ''"), { timeout: 15_000 }).toContain('index.m3u8');
  expect(await page.isVisible('#tracks')).toBe(false);
});
