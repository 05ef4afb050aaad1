import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { type Look, readLook } from '../helpers/media/pattern.ts';
import { until } from '../helpers/until.ts';

/** A frame of the film as the browser showed it. */
export interface ShownFrame {
  /** Its time in the film, as the browser says. */
  seconds: number;
  /** Height of the rendition that it is from. */
  lines: number;
  look: Look;
}

export interface Played {
  frames: ShownFrame[];
  /** The longest time in which the film's clock did not move. */
  longestHaltSeconds: number;
}

/** A page that plays a film whose picture is our pattern, in a browser. */
export interface PlayerPage {
  /** The value of an expression of the page. */
  ask<T>(expression: string): Promise<T>;
  /** Stands still at this time. */
  frameAt(seconds: number): Promise<ShownFrame>;
  /** Plays from where it stands to this time. */
  playTo(seconds: number): Promise<Played>;
  /** All that is there to be played is thrown away, and read again from here on in the rendition of these lines. */
  readFrom(seconds: number, lines: number): Promise<void>;
  /** Where it stands, the film goes on in the rendition of these lines from the next segment on. */
  goOnWith(lines: number): Promise<void>;
  /** Waits until picture and sound are there without a gap from one time to the other. */
  buffered(fromSeconds: number, toSeconds: number): Promise<void>;
  /**
   * Since it was asked last: errors that hls.js reported, fatal or not, where the film had a hole or jumped while it played,
   * and errors of the page's own.
   */
  troubles(): Promise<string[]>;
}

const probe = fileURLToPath(new URL('play-probe.js', import.meta.url));

/** @param url the page's, a film's of the portal @param frameSeconds how long the film shows a frame */
export async function openPlayerPage(
  browser: Browser,
  url: string,
  frameSeconds: number,
): Promise<PlayerPage> {
  return openPage(await browser.newPage(), url, frameSeconds);
}

/** As `openPlayerPage`, of another page: it has a `player` with the `video`, and with `hls` if that plays the film. */
export async function openPage(page: Page, url: string, frameSeconds: number): Promise<PlayerPage> {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.addInitScript({ path: probe });
  await page.goto(url);
  const ask = <T>(expression: string) => page.evaluate(expression) as Promise<T>;
  // A seek before the first frame is there only moves the start, and hls.js moves it back.
  const firstFrame = () =>
    until(() => ask<boolean>('player?.video.readyState >= 2'), 'the page to show the first frame', 30);
  await firstFrame();
  const levelOf = (lines: number) => `player.hls.levels.findIndex(({ height }) => height === ${lines})`;
  const frameAt = async (seconds: number) =>
    shown(await ask<RawFrame>(`probe.frameAt(${seconds}, ${frameSeconds})`));

  return {
    ask,
    frameAt,
    async playTo(seconds) {
      type Raw = { frames: RawFrame[]; longestHaltMs: number };
      const { frames, longestHaltMs } = await ask<Raw>(`probe.playTo(${seconds})`);
      return { frames: frames.map(shown), longestHaltSeconds: longestHaltMs / 1000 };
    },
    async readFrom(seconds, lines) {
      const read = async () => {
        await ask(`player.hls.currentLevel = ${levelOf(lines)}`);
        await until(async () => (await frameAt(seconds)).lines === lines, `the film in ${lines} lines`, 30);
      };
      // Seen once: a segment that came while hls.js threw all away counted as there, and hls.js looks for holes only while a film plays.
      await read().catch(async () => {
        await page.reload();
        await firstFrame();
        await read();
      });
    },
    async goOnWith(lines) {
      await ask(`player.hls.nextLevel = ${levelOf(lines)}`);
      const isNext = `player.hls.nextLevel === ${levelOf(lines)}`;
      await until(() => ask<boolean>(isNext), `the next segment in ${lines} lines`, 30);
    },
    async buffered(fromSeconds, toSeconds) {
      const end = `probe.bufferedEnd(${fromSeconds})`;
      const isThere = async () => (await ask<number>(end)) >= toSeconds;
      await until(isThere, `the film to be there from ${fromSeconds} s to ${toSeconds} s`, 30);
    },
    troubles: async () => [...problems.splice(0), ...(await ask<string[]>('probe.troubles.splice(0)'))],
  };
}

interface RawFrame {
  seconds: number;
  lines: number;
  width: number;
  height: number;
  /** Three bytes a pixel, in base64. */
  rgb: string;
}

function shown({ seconds, lines, width, height, rgb }: RawFrame): ShownFrame {
  const pixels = Buffer.from(rgb, 'base64');
  return { seconds, lines, look: readLook({ pixels, stride: width, x: 0, y: 0, width, height }) };
}
