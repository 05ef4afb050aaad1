import { expect, it } from 'vitest';
import { startLocalFarm } from '../helpers/local-farm/local-farm.ts';
import { reporterPort } from '../helpers/reports/reporter-port.ts';

it('a local reporter outlives a call that is no command, such as a browser’s', async () => {
  const farm = await startLocalFarm();
  try {
    const address = `http://127.0.0.1:${await reporterPort(farm.startReporter())}`;
    const visit = await fetch(address);
    expect(visit.headers.get('x-amz-function-error')).toBe('Unhandled');
    const body = JSON.stringify({ command: 'check-database' });
    expect(await (await fetch(address, { method: 'POST', body })).json()).toBeNull();
  } finally {
    await farm.stop();
  }
}, 30_000);
