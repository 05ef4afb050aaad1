import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '../helpers/browser/browser.ts';
import { type DashPlayer, dashPlayers, readDashPlayer } from '../helpers/browser/dash-players.ts';
import { tone, useFarm, x264 } from '../helpers/local-farm/use-farm.ts';
import { pattern, patternCorners } from '../helpers/media/pattern.ts';
import type { Published } from '../helpers/media/transcoding.ts';
import { until } from '../helpers/until.ts';
import { openPage, type PlayerPage } from './player-page.ts';

const farm = useFarm();
const frameRate = 25;
const seconds = 9;
const size: [number, number] = [640, 360];

const folder = mkdtempSync(join(tmpdir(), 'words-'));
let published: Published;
let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
  const words = join(folder, 'words.srt');
  writeFileSync(words, '1\n00:00:01,000 --> 00:00:03,000\nHello\n');
  const clip = await farm.make(
    'film.mp4',
    ...[
      ...pattern({ width: 640, height: 360, seconds }),
      ...tone(seconds),
      ...tone(seconds, 880),
      '-i',
      words,
    ],
    ...[0, 1, 2, 3].flatMap((input) => ['-map', String(input)]),
    // Chromium plays no AC-3, so what the film has of it must not stop a player.
    ...[...x264, '-c:a', 'aac', '-ac:a:0', '6', '-c:s', 'mov_text', '-metadata:s:s:0', 'language=eng'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
  );
  const ladder = [{ rung: '360p' as const }, { rung: '240p' as const, bitrate: 60_000 }];
  ({ published } = await farm.check(
    clip,
    { size, frames: seconds * frameRate, audioSeconds: [seconds, seconds], hasSurround: true },
    { job: { ladder } },
  ));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await browser?.close();
});

const start: Record<DashPlayer, string> = {
  'dash.js': `
    const dash = dashjs.MediaPlayer().create();
    dash.on(dashjs.MediaPlayer.events.ERROR, ({ error }) => troubles.push(String(error?.message ?? error)));
    dash.initialize(video, '/job/manifest.mpd', false);
    window.heights = () => dash.getRepresentationsByType('video').map(({ height }) => height);
    window.choose = (height) => {
      dash.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
      dash.setRepresentationForTypeById('video', dash.getRepresentationsByType('video').find((each) => each.height === height).id, true);
    };
    window.languages = () => dash.getTracksFor('audio').map(({ lang, roles }) => lang + ' ' + roles[0].value);
    window.subtitles = () => {
      dash.enableText(true);
      dash.setTextTrack(0);
      return dash.getTracksFor('text').map(({ lang, roles }) => lang + ' ' + roles[0].value);
    };
    window.duration = () => dash.duration();`,
  'Shaka Player': `
    const shakaPlayer = new shaka.Player();
    shakaPlayer.addEventListener('error', ({ detail }) => troubles.push('Shaka Player reports ' + detail.code));
    shakaPlayer.attach(video).then(() => shakaPlayer.load('/job/manifest.mpd')).catch((error) => troubles.push('Shaka Player reports ' + error.code));
    const tracks = () => shakaPlayer.getVariantTracks();
    window.heights = () => [...new Set(tracks().map(({ height }) => height))];
    window.choose = (height) => {
      shakaPlayer.configure({ abr: { enabled: false } });
      shakaPlayer.selectVariantTrack(tracks().find((each) => each.height === height && each.language === 'en'), true);
    };
    window.languages = () => [...new Set(tracks().map(({ language, audioRoles }) => language + ' ' + audioRoles[0]))];
    window.subtitles = () => {
      const found = shakaPlayer.getTextTracks();
      shakaPlayer.selectTextTrack(found[0]);
      return found.map(({ language, roles }) => language + ' ' + roles[0]);
    };
    window.duration = () => video.duration;`,
};

/** A page with nothing but a film and the player; every file comes from the published folder. */
async function open(player: DashPlayer): Promise<PlayerPage> {
  const script = readDashPlayer(player);
  const page = await browser.newPage();
  const types: Record<string, string> = {
    mpd: 'application/dash+xml',
    mp4: 'video/mp4',
    m4s: 'video/iso.segment',
    vtt: 'text/vtt',
  };
  await page.route('http://film.test/**', async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === '/') return route.fulfill({ contentType: 'text/html', body: pageOf(player) });
    if (path === '/player.js') return route.fulfill({ contentType: 'text/javascript', body: script });
    const file = join(published.folder, path.replace('/job/', ''));
    if (!existsSync(file)) return route.fulfill({ status: 404 });
    const contentType = types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    await route.fulfill({ contentType, body: readFileSync(file) });
  });
  return openPage(page, 'http://film.test/', 1 / frameRate);
}

const pageOf = (
  player: DashPlayer,
) => `<!doctype html><link rel="icon" href="data:,"><video muted></video><script src="/player.js"></script>
<script>
  const video = document.querySelector('video');
  const { troubles } = probe;
  window.player = { video };
  ${start[player]}
</script>`;

it('lies beside the multivariant playlist, and the film says so', () => {
  expect(published.film).toMatchObject({ playlist: 'job-0/index.m3u8', manifest: 'job-0/manifest.mpd' });
  expect(published.files).toContain('manifest.mpd');
});

describe.each(dashPlayers)('in Chromium %s', (player) => {
  let page: PlayerPage;
  beforeAll(async () => {
    page = await open(player);
  });

  it('finds every rendition, the default audio first, and the length of the film', async () => {
    expect((await page.ask<number[]>('heights()')).toSorted()).toEqual([240, 360]);
    expect((await page.ask<string[]>('languages()')).toSorted()).toEqual(['de alternate', 'en main']);
    expect(await page.ask<number>('duration()')).toBeCloseTo(seconds, 1);
  });

  it('finds the subtitles, and when they are said', async () => {
    expect(await page.ask('subtitles()')).toEqual(['en subtitle']);
    const cues = `[...video.textTracks].flatMap(({ cues }) => [...(cues ?? [])].map(({ startTime, endTime, text }) => [startTime, endTime, text]))`;
    // dash.js gives the browser the cues near the playhead alone.
    await page.frameAt(50.5 / frameRate);
    await until(async () => (await page.ask<unknown[]>(cues)).length > 0, 'the cues', 20);
    expect(await page.ask(cues)).toEqual([[1, 3, 'Hello']]);
  });

  it('shows each frame in its time after a seek, also at the seams of parts', async () => {
    for (const number of [0, 1, 49, 50, 51, 99, 100, 125, 200, 224]) {
      const { look } = await page.frameAt((number + 0.5) / frameRate);
      expect(look, `frame ${number}`).toEqual({ number, corners: patternCorners });
    }
    expect(await page.troubles()).toEqual([]);
  });

  it.each([240, 360])(
    'goes over to the rendition of %i lines, and plays on without a halt',
    async (lines) => {
      await page.frameAt(1.5 / frameRate);
      await page.ask(`choose(${lines})`);
      await page.buffered(0, 5);
      const { frames, longestHaltSeconds } = await page.playTo(5);
      expect(await page.troubles()).toEqual([]);
      expect(longestHaltSeconds).toBeLessThan(1);
      expect(frames.at(-1)?.lines).toBe(lines);
      for (const { seconds, look } of frames)
        expect(Math.abs((look.number ?? -99) - seconds * frameRate), `at ${seconds} s`).toBeLessThan(2);
    },
  );
});
