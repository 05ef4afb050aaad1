import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ECSClient } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { countWorkers, readWorkers } from '../../../cli/farm/workers.ts';
import { addressOf } from '../../helpers/local-farm/farm-command.ts';
import { startLocalFarm } from '../../helpers/local-farm/local-farm.ts';
import { until } from '../../helpers/until.ts';

it('counts the workers that the farm on this machine has started', async () => {
  const farm = await startLocalFarm();
  const { address, ecs, autoScaling } = {
    address: addressOf(farm),
    ecs: new ECSClient({ region: 'us-east-1' }),
    autoScaling: new AutoScalingClient({ region: 'us-east-1' }),
  };
  const running = async () => (await readWorkers({ address, ecs, autoScaling }))?.tasks.running ?? 0;
  try {
    const before = await running();
    const worker = farm.startWorker();
    await until(async () => (await running()) === before + 1, 'the worker to be seen');
    await worker.stop(5);
    expect(await running()).toBe(before);
  } finally {
    await farm.stop();
  }
}, 40_000);

it('takes neither other children of the farm nor the workers of others for its own', () => {
  const processes = [
    '  70 node --import x /farm/worker/src/main.ts',
    '  70 /usr/bin/ffmpeg -i worker',
    ' 701 node --import x /farm/worker/src/main.ts',
    '  70 node --import x /farm/worker/src/main.ts',
  ];
  expect(countWorkers(processes.join('\n'), 70)).toBe(2);
});
