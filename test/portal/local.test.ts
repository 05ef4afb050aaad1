import { afterEach, expect, it, vi } from 'vitest';
import { connect } from '../../cli/farm/farm.ts';
import { startLocalPortal } from '../../portal/src/local.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm } from '../helpers/local-farm/local-farm.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('shows people a page where there is nothing, and answers programs with a problem', async () => {
  const storage = await startLocalFarm();
  const farm = connect(addressOf(storage));
  const portal = await startLocalPortal({ farm });
  try {
    const ask = (path: string, accept: string) => fetch(portal.origin + path, { headers: { accept } });
    const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const page = await ask('/nope', browser);
    expect(page.status).toBe(404);
    expect(await page.text()).toContain('There is no such page');
    for (const [path, accept] of [
      ['/nope', '*/*'],
      ['/api/nope', browser],
    ] as const) {
      const problem = await ask(path, accept);
      expect(problem.status).toBe(404);
      expect(await problem.json()).toMatchObject({ type: 'urn:transcode-farm:problem:no-such-page' });
    }
  } finally {
    await portal.close();
    farm.close();
    await storage.stop();
  }
}, 30_000);

it('writes to standard error what goes wrong inside, and shows the browser nothing of it', async () => {
  const storage = await startLocalFarm();
  const farm = connect({ ...addressOf(storage), outputBucket: 'bucket-that-is-gone' });
  const portal = await startLocalPortal({ farm });
  try {
    const written = vi.spyOn(console, 'error').mockReturnValue();
    const signedIn = await fetch(portal.signInUrl(), { redirect: 'manual' });
    const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    const answer = await fetch(`${portal.origin}/api/jobs`, { headers: { cookie } });
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('NoSuchBucket');
    expect(written.mock.calls.flat().join(' ')).toContain('NoSuchBucket');
  } finally {
    await portal.close();
    farm.close();
    await storage.stop();
  }
}, 30_000);
