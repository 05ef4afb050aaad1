import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { localAddress } from '../../cli/demo/keep.ts';
import { connect } from '../../cli/farm/farm.ts';
import { findJob } from '../../cli/follow.ts';
import type { LocalFarm } from '../../cli/local-farm/farm.ts';
import { startLocalPortal } from '../../portal/src/local.ts';
import { startBrowser } from '../../test/helpers/browser/browser.ts';
import type { WorkerEnvironment } from '../../worker/src/settings/settings.ts';
import type { Bench } from './lib/bench.ts';
import { benchFilm } from './lib/film.ts';
import { runJob } from './lib/job.ts';
import { watchKeys } from './lib/keys.ts';

/** One rendition, so that one machine makes films faster than they play. */
const one = (rung: string): Partial<WorkerEnvironment> => ({
  EARLY_PLAY: 'true',
  LADDER: JSON.stringify([{ rung }]),
});

/** Just above the slowest at which a film is offered early with something to spare. */
const heldSpeed = 1.3;
/** A long film at this speed, in small: all that matters is counted in segments. */
const heldFilmSeconds = 44;
const heldSegmentSeconds = 2;

export const firstPlay: Bench = {
  what: "time from taking the job to the first frame that Chromium shows, in units of one segment's encode time",
  goal: 1.5,
  async run({ film, log }) {
    const path = film ?? (await benchFilm({ seconds: 60, width: 1280, height: 720 }));
    const first = await watchJob(path, one('720p'), async () => {});
    const segments = first.state.film?.renditions.find(({ kind }) => kind === 'video')?.segments ?? 1;
    const segmentSeconds = (first.state.timings.encodeSeconds ?? 0) / segments;
    log(
      `first frame after ${first.frameSeconds.toFixed(2)} s; one segment takes ${segmentSeconds.toFixed(2)} s`,
    );
    for (const [what, seconds] of first.steps) log(`  ${seconds.toFixed(2)} s  ${what}`);

    const folder = await mkdtemp(join(tmpdir(), 'first-play-'));
    try {
      const held = await watchJob(
        await benchFilm({ seconds: heldFilmSeconds, width: 640, height: 360 }),
        { ...one('360p'), SEGMENT_SECONDS: String(heldSegmentSeconds), FFMPEG_PATH: await heldTool(folder) },
        playToEnd,
      );
      const { waits, playedSeconds } = held.seen;
      const speed = held.state.timings.speed ?? 0;
      log(
        `a film that is made at ${speed.toFixed(2)} times the speed at which it plays: ${playedSeconds.toFixed(1)} s played, ${waits} waits`,
      );
      return {
        ratio: first.frameSeconds / segmentSeconds,
        goals: [
          {
            what: `waits while a film plays that is made at ${heldSpeed} times its speed`,
            value: waits,
            goal: 0,
          },
          { what: 'seconds of it that did not play', value: heldFilmSeconds - playedSeconds, goal: 0.5 },
        ],
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** An ffmpeg that reads its film no faster. */
async function heldTool(folder: string): Promise<string> {
  const path = join(folder, 'ffmpeg');
  await writeFile(path, `#!/bin/sh\nexec ffmpeg -readrate ${heldSpeed} "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

/** A job whose page is open in Chromium from the start. @param use the page, when it shows the first frame */
async function watchJob<T>(
  film: string,
  environment: Partial<WorkerEnvironment>,
  use: (page: Page) => Promise<T>,
) {
  await using browser = await startBrowser();
  let watching: Promise<Watched<T>> | undefined;
  const keys = new Map<string, number>();
  const { state } = await runJob({
    film,
    environment: () => environment,
    watch: async (farm) => {
      const page = await browser.newPage();
      const unwatch = watchKeys(farm, keySteps, keys);
      watching = watchPage(farm, page, use);
      watching.catch(() => {});
      return async () => {
        unwatch();
        await watching;
      };
    },
  });
  const { steps, frameAt, seen } = (await watching) as Watched<T>;
  const since = (at: number) => (at - Date.parse(state.startedAt ?? '')) / 1000;
  const times = [...Object.entries(steps), ...keys].map(([what, at]): [string, number] => [what, since(at)]);
  return {
    state,
    steps: times.toSorted(([, a], [, b]) => a - b),
    frameSeconds: since(frameAt),
    seen,
  };
}

/** What is in storage by then. */
const keySteps = {
  'first segment of the picture': /\/\d+p\/00000\.m4s$/,
  'first segment of the audio': /\/audio[^/]*\/00000\.m4s$/,
  'playlist of early play': /\/early\/index\.m3u8$/,
};

interface Watched<T> {
  /** What the page did, and when. */
  steps: Record<string, number>;
  frameAt: number;
  seen: T;
}

async function watchPage<T>(farm: LocalFarm, page: Page, use: (page: Page) => Promise<T>) {
  const connected = connect(localAddress(farm, ['.mp4']));
  const portal = await startLocalPortal({ farm: connected });
  try {
    await page.addInitScript(watchWaits);
    const id = await findJob(farm.s3, farm.outputBucket, AbortSignal.timeout(60_000));
    const openAt = Date.now();
    await page.goto(portal.signInUrl(`/jobs/${id}`));
    while (!(await page.evaluate('window.player?.video?.readyState >= 2'))) await sleep(20);
    const frameAt = Date.now();
    const loaded = await page.evaluate<Record<string, number>>(readLoads);
    return {
      steps: { 'page opened': openAt, ...loaded, 'first frame': frameAt },
      frameAt,
      seen: await use(page),
    };
  } finally {
    await portal.close();
    connected.close();
  }
}

/** In the page: when it had the first of what the player asks for. */
const readLoads = `(() => {
  const loaded = (part) => performance.getEntriesByType('resource').find(({ name }) => name.includes(part));
  const steps = {
    'page has the playlist': '/early/index.m3u8',
    'page has the first segment': '/00000.m4s',
  };
  const times = Object.entries(steps).map(([what, part]) => [what, performance.timeOrigin + loaded(part)?.responseEnd]);
  return Object.fromEntries(times.filter(([, time]) => time > 0));
})()`;

/** In the page: counts the times at which a film that plays has nothing to play, until it ends: then it plays as the whole film. */
const watchWaits = `
  window.waits = 0;
  document.addEventListener('waiting', ({ target }) => {
    if (!target.paused && !target.seeking && !window.end) window.waits += 1;
  }, true);
  document.addEventListener('ended', ({ target }) => {
    const { currentTime: at, played } = target;
    const ranges = Array.from({ length: played.length }, (_, n) => played.end(n) - played.start(n));
    window.end ??= { at, playedSeconds: ranges.reduce((sum, seconds) => sum + seconds, 0) };
  }, true);
`;

async function playToEnd(page: Page): Promise<{ waits: number; playedSeconds: number }> {
  await page.evaluate('player.video.muted = true; void player.video.play(); window.waits = 0');
  const deadline = performance.now() + 3 * heldFilmSeconds * 1000;
  while (performance.now() < deadline && !(await page.evaluate('window.end !== undefined'))) await sleep(500);
  return page.evaluate('({ waits, playedSeconds: window.end?.playedSeconds ?? player.video.currentTime })');
}
