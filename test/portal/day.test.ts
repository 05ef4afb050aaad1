import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, type Farm } from '../../cli/farm/farm.ts';
import { machineOf } from '../../cli/plan/machine.ts';
import { planSettings } from '../../cli/plan/settings.ts';
import { readDay } from '../../portal/src/farm/day.ts';
import type { LocalPortal } from '../../portal/src/local.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { startPortal } from '../helpers/portal/portal.ts';
import { jobsInEachState, putJob } from '../helpers/portal/sample-jobs.ts';

const hourMs = 3_600_000;
/** In the middle of an hour, so that minutes before and after are of the same one. */
const now = Math.floor(Date.now() / hourMs) * hourMs + hourMs / 2;
const machine = { machine: machineOf('gpu', undefined), settings: planSettings({}) };

let storage: TestFarm;
let farm: Farm;
let portal: LocalPortal;
let browser: Browser;
let page: Page;

function jobAt(id: string, hoursAgo: number, more: Partial<JobState>): JobState {
  const ready = jobsInEachState(now).find(({ state }) => state === 'succeeded') as JobState;
  const queuedAt = new Date(now - hoursAgo * hourMs).toISOString();
  return { ...ready, id, queuedAt, updatedAt: queuedAt, ...more };
}

beforeAll(async () => {
  storage = await startLocalFarm();
  farm = connect(addressOf(storage));
  const jobs = [
    jobAt('a', 0, { state: 'running', film: undefined, timings: { waitSeconds: 4 } }),
    jobAt('b', 1, { timings: { waitSeconds: 10, speed: 2 } }),
    jobAt('c', 1, { timings: { waitSeconds: 30, speed: 4 } }),
    jobAt('d', 1, { state: 'failed', film: undefined, timings: { waitSeconds: 50 } }),
    jobAt('e', 22, { state: 'queued', film: undefined, timings: {} }),
    jobAt('yesterday', 26, {}),
  ];
  for (const job of jobs) await putJob(storage, job);
  // Sent again since: its first entry means nothing.
  await putJob(storage, jobAt('b', 5, {}));
  await putJob(storage, jobAt('b', 1, { timings: { waitSeconds: 10, speed: 2 } }));
  portal = await startPortal(storage);
  browser = await startBrowser();
  page = await browser.newPage();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await portal?.close();
  farm?.close();
  await storage?.stop();
});

it('counts the jobs of each hour, with medians and costs of those that it reads', async () => {
  const { hours, jobs, read, oldestOpenAt } = await readDay(farm, machine, now);
  expect(hours).toHaveLength(24);
  expect(hours.at(-2)).toMatchObject({ jobs: 3, succeeded: 2, failed: 1, waitSeconds: 30, speed: 3 });
  expect(hours.at(-2)?.usd).toBeGreaterThan(0);
  expect(hours.at(-1)).toMatchObject({ jobs: 1, succeeded: 0, waitSeconds: 4, speed: null, usd: null });
  expect(hours.at(-10)).toMatchObject({ jobs: 0, waitSeconds: null });
  expect({ jobs, read }).toEqual({ jobs: 6, read: 5 });
  expect(oldestOpenAt).toBe(jobAt('e', 22, {}).queuedAt);
});

it('estimates the cost as before an upload: the same film costs the same however long its job took', async () => {
  const before = await readDay(farm, machine, now);
  await putJob(storage, jobAt('b', 1, { timings: { waitSeconds: 10, speed: 2, encodeSeconds: 10_000 } }));
  const after = await readDay(farm, machine, now);
  expect(after.hours.at(-2)?.usd).toBe(before.hours.at(-2)?.usd);
  const unknown = await readDay(farm, undefined, now);
  expect(unknown.hours.every(({ usd }) => usd === null)).toBe(true);
});

it('makes a token for a program, which the API takes', async () => {
  await page.goto(portal.signInUrl('/farm'));
  await page.getByLabel('Name').fill('nightly import');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const token = await page.getByLabel('Token', { exact: true }).inputValue();
  const answer = await fetch(`${portal.origin}/api/farm/day`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(200);
});

it('shows the day in charts that a screen reader can read too', async () => {
  await page.goto(portal.signInUrl('/farm'));
  await page.waitForSelector('#day-charts svg');
  const names = await page
    .locator('#day-charts svg')
    .evaluateAll((all) =>
      (all as unknown as { getAttribute(name: string): string }[]).map((one) =>
        one.getAttribute('aria-label'),
      ),
    );
  expect(names[0]).toMatch(/^Jobs by the hour: 6, 1 failed$/);
  expect(names[1]).toMatch(/^Wait in the queue by the hour: usually /);
  // On this machine nothing is paid.
  expect(names).toHaveLength(3);
  expect(await page.locator('#day-charts svg').first().locator('g').count()).toBe(24);
  expect(await page.textContent('#day-note')).toContain('The oldest open job came');
});
