import { afterEach, expect, it, vi } from 'vitest';
import { connect } from '../../cli/farm/farm.ts';
import { startLocalPortal } from '../../portal/src/local.ts';
import { addressOf } from '../helpers/local-farm/farm-command.ts';
import { startLocalFarm } from '../helpers/local-farm/local-farm.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

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
