import { expect, it } from 'vitest';
import { addressOf, saveAddress, startFarmCommand } from '../../helpers/local-farm/farm-command.ts';
import { startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startLocalFarm } from '../../helpers/local-farm/local-farm.ts';
import { temporaryFolder } from '../../helpers/media/clips.ts';
import { until } from '../../helpers/until.ts';

it('ends on Ctrl-C although the farm does not answer', async () => {
  const farm = await startLocalFarm();
  await using folder = await temporaryFolder();
  await using proxy = await startFaultProxy(farm.env.SQS_ENDPOINT ?? '');
  try {
    const queueUrl = farm.queueUrl.replace(farm.env.SQS_ENDPOINT ?? '', proxy.url);
    const { local, ...address } = addressOf(farm);
    const hung = { ...address, queueUrl, local: { ...local, endpoint: proxy.url } };
    proxy.inject({ kind: 'hang' });
    const file = await saveAddress(folder.path, hung);
    const status = startFarmCommand(folder.path, ['status', '--farm', file]);
    await until(() => proxy.requests.length > 0, 'the command to ask');
    status.child.kill('SIGINT');
    const ended = await status.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).not.toContain('    at ');
  } finally {
    await farm.stop();
  }
}, 40_000);
