import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

// The headless shell has no window around a page: a page costs it a third of the processor time.
const names = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
];
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

let running: Promise<Browser> | undefined;

/** `launchBrowser`, unless it runs: the files of a test process share it, and `close` closes what was opened by this call alone. It ends with the process. */
export async function startBrowser(): Promise<Browser> {
  if (!(await running)?.isConnected()) running = launchBrowser();
  const browser = await (running as Promise<Browser>);
  const opened = new Set<BrowserContext>();
  const own: Pick<Browser, 'newContext' | 'newPage' | 'close'> = {
    async newContext(options) {
      const context = await browser.newContext(options);
      opened.add(context);
      return context;
    },
    async newPage(options) {
      const page = await browser.newPage(options);
      opened.add(page.context());
      return page;
    },
    async close() {
      for (const context of opened) await context.close();
    },
  };
  return Object.assign(Object.create(browser) as Browser, own);
}

/**
 * Starts the Chromium or Chrome of this system, or the one that playwright has installed.
 * @throws Error that says how to get one
 */
export async function launchBrowser(): Promise<Browser> {
  // Chromium refuses to sandbox for root, and containers give no user namespaces to others.
  const args = ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-dev-shm-usage'];
  return await chromium.launch({ executablePath: findBrowser(), args });
}

function findBrowser(): string {
  const { CHROMIUM_PATH, PATH = '' } = process.env;
  const inPath = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [CHROMIUM_PATH, ...inPath, ...applications, chromium.executablePath()].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (found === undefined) {
    throw new Error(
      'No Chromium or Chrome was found. "npm test" installs one; or set CHROMIUM_PATH to its program.',
    );
  }
  return found;
}
