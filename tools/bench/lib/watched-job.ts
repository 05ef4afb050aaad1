import type { Page } from 'playwright-core';
import { localAddress } from '../../../cli/demo/keep.ts';
import { connect } from '../../../cli/farm/farm.ts';
import type { LocalFarm } from '../../../cli/local-farm/farm.ts';
import type { WorkerProcess } from '../../../cli/local-farm/worker.ts';
import { startLocalPortal } from '../../../portal/src/local.ts';
import { launchBrowser } from '../../../test/helpers/browser/browser.ts';
import { benchJobId, type JobOptions, runJob } from './job.ts';
import { readKeyTimes } from './keys.ts';

/**
 * A job whose page is open in Chromium before a worker takes it, as it is after an upload.
 * @param use the page, when it shows the first frame
 */
export async function watchJob<T>(
  options: Omit<JobOptions, 'prepare' | 'watch'>,
  use: (page: Page, workers: readonly WorkerProcess[]) => Promise<T>,
) {
  await using browser = await launchBrowser();
  const page = await browser.newPage();
  let opened: OpenPage | undefined;
  let watched: Watched<T> | undefined;
  let keys = new Map<string, number>();
  try {
    const { state } = await runJob({
      ...options,
      prepare: async (farm) => {
        opened = await openPage(farm, page);
      },
      watch: (farm, workers) => {
        const watching = (opened as OpenPage).firstFrame().then(async (shown) => ({
          ...shown,
          seen: await use(page, workers),
        }));
        watching.catch(() => {});
        return async () => {
          watched = await watching;
          keys = await readKeyTimes(farm, keySteps);
          // It would go on asking when the farm has ended.
          await page.close();
        };
      },
    });
    const { steps, frameAt, seen } = watched as Watched<T>;
    const since = (at: number) => (at - Date.parse(state.startedAt ?? '')) / 1000;
    const times = [...Object.entries(steps), ...keys].map(([what, at]): [string, number] => [
      what,
      since(at),
    ]);
    return {
      state,
      steps: times.toSorted(([, a], [, b]) => a - b),
      frameSeconds: since(frameAt),
      seen,
    };
  } finally {
    await opened?.close();
  }
}

/** What must be in storage before. */
const keySteps = {
  'first segment of the picture': /\/\d+p\/00000\.m4s$/,
  'first segment of the audio': /\/audio[^/]*\/00000\.m4s$/,
  'playlist of early play': /\/early\/index\.m3u8$/,
};

interface Shown {
  /** What the page did, and when. */
  steps: Record<string, number>;
  frameAt: number;
}

type Watched<T> = Shown & { seen: T };

interface OpenPage {
  firstFrame(): Promise<Shown>;
  close(): Promise<void>;
}

/** Resolves when the page says that the job waits for a worker. */
async function openPage(farm: LocalFarm, page: Page): Promise<OpenPage> {
  const connected = connect(localAddress(farm, ['.mp4']));
  const portal = await startLocalPortal({ farm: connected });
  const shown = Promise.withResolvers<number>();
  // No one asks the page meanwhile: it shares the cores with the worker.
  await page.exposeFunction('firstFrameAt', shown.resolve);
  for (const event of ['close', 'crash'] as const)
    page.once(event as 'close', () =>
      shown.reject(new Error(`The page was lost (${event}) before it showed a frame.`)),
    );
  shown.promise.catch(() => {});
  await page.addInitScript(watchVideo);
  await page.goto(portal.signInUrl(`/jobs/${benchJobId}`));
  await page.waitForSelector('[data-state=queued]');
  return {
    async firstFrame() {
      const frameAt = await shown.promise;
      const loaded = await page.evaluate<Record<string, number>>(readLoads);
      return { steps: { ...loaded, 'first frame': frameAt }, frameAt };
    },
    async close() {
      await portal.close();
      connected.close();
    },
  };
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

/**
 * In the page: says when it shows the first frame, and counts the times at which a film that plays has nothing to play, until it ends:
 * then it plays as the whole film.
 */
const watchVideo = `
  document.addEventListener('loadeddata', () => firstFrameAt(performance.timeOrigin + performance.now()), true);
  window.waits = 0;
  window.waitedMs = 0;
  let waitsSince;
  document.addEventListener('waiting', ({ target }) => {
    if (target.paused || target.seeking || window.end) return;
    window.waits += 1;
    waitsSince ??= performance.now();
  }, true);
  document.addEventListener('playing', () => {
    if (waitsSince !== undefined) window.waitedMs += performance.now() - waitsSince;
    waitsSince = undefined;
  }, true);
  document.addEventListener('ended', ({ target }) => {
    const { currentTime: at, played } = target;
    const ranges = Array.from({ length: played.length }, (_, n) => played.end(n) - played.start(n));
    window.end ??= { at, playedSeconds: ranges.reduce((sum, seconds) => sum + seconds, 0) };
  }, true);
`;
