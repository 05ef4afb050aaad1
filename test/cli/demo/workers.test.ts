import { once } from 'node:events';
import { expect, it } from 'vitest';
import { startWorkers } from '../../../cli/demo/workers.ts';
import { startLocalFarm } from '../../../cli/local-farm/farm.ts';

it('prints the last log lines of the workers when none is left', async () => {
  const environment = { ENCODER: 'vp8' as 'x264' };
  const farm = await startLocalFarm({ storage: 'memory', environment });
  const workers = startWorkers(farm, 2);
  const over = workers.untilOver(new AbortController().signal, async (signal) => {
    await once(signal, 'abort');
    return undefined;
  });
  await expect(over).rejects.toThrow(
    /^The worker ended \(exit code 78\) before the job was done\. Its last words:\n.*ENCODER/s,
  );
  await farm.close();
});
