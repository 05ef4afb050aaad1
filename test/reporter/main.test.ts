import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect, it } from 'vitest';
import { startLocalFarm } from '../helpers/local-farm/local-farm.ts';
import { reporterPort } from '../helpers/reports/reporter-port.ts';

/** fetch sets these headers itself. */
async function statusOf(address: string, headers: Record<string, string>, body: string) {
  const call = request(address, { method: 'POST', headers }).end(body);
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

it('a local reporter outlives a call that is not a command, and takes none from pages of other sites', async () => {
  const farm = await startLocalFarm();
  try {
    const address = `http://127.0.0.1:${await reporterPort(farm.startReporter())}`;
    const visit = await fetch(address);
    expect(visit.headers.get('x-amz-function-error')).toBe('Unhandled');
    const body = JSON.stringify({ command: 'check-database' });
    for (const [name, value] of [
      ['origin', 'https://evil.example'],
      ['host', 'rebound.example'],
    ] as const)
      expect(await statusOf(address, { [name]: value }, body)).toBe(403);
    expect(await (await fetch(address, { method: 'POST', body })).json()).toBeNull();
  } finally {
    await farm.stop();
  }
}, 30_000);
