import { execFile } from 'node:child_process';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startHeartbeat } from '../../worker/src/heartbeat.ts';

const script = fileURLToPath(new URL('../../worker/healthcheck.sh', import.meta.url));

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heartbeat-'));
  file = join(directory, 'heartbeat');
});
afterEach(() => rm(directory, { recursive: true }));

/** What the container's health check says: 0 is healthy. */
function check(environment: Record<string, string> = { HEARTBEAT_FILE: file }): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile('sh', [script], { env: { PATH: process.env.PATH, ...environment } }, () =>
      resolve(child.exitCode ?? 255),
    );
  });
}

it('a worker is healthy from its first beat until 30 seconds after the last', async () => {
  expect(await check()).not.toBe(0);
  startHeartbeat(file, { warn: vi.fn() });
  await vi.waitFor(async () => expect(await check()).toBe(0), { timeout: 4000 });

  await beatenSecondsAgo(25);
  expect(await check()).toBe(0);
  await beatenSecondsAgo(35);
  expect(await check()).not.toBe(0);
});

it('a container without the setting is not healthy', async () => {
  expect(await check({})).not.toBe(0);
});

it('the heart beats every 5 seconds', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  try {
    startHeartbeat(file, { warn: vi.fn() });
    await vi.waitFor(async () => expect(await check()).toBe(0), { timeout: 4000 });
    await beatenSecondsAgo(3600);
    vi.advanceTimersByTime(5000);
    await vi.waitFor(async () => expect(await check()).toBe(0), { timeout: 4000 });
  } finally {
    vi.clearAllTimers();
    vi.useRealTimers();
  }
});

it('a file that cannot be written is reported once', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  try {
    const warn = vi.fn();
    const path = join(directory, 'none', 'heartbeat');
    startHeartbeat(path, { warn });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce());
    vi.advanceTimersByTime(20_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { err: expect.objectContaining({ code: 'ENOENT' }), path },
      'no heartbeat: a health check will take this worker for dead',
    );
  } finally {
    vi.clearAllTimers();
    vi.useRealTimers();
  }
});

async function beatenSecondsAgo(seconds: number): Promise<void> {
  const then = Date.now() / 1000 - seconds;
  await utimes(file, then, then);
}
