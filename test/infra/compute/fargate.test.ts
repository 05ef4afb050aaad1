import { describe, expect, it } from 'vitest';
import { FargateCapacity, type FargateCapacityArgs } from '../../../infra/compute/fargate.ts';
import { record } from '../../helpers/program/pulumi.ts';

const build = (args: Partial<FargateCapacityArgs> = {}) =>
  record(() => new FargateCapacity('cpu', { clusterName: 'farm', ...args }).capacity);

describe('Fargate capacity', () => {
  it.each([
    [{}, [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }]],
    [{ spot: false, onDemandBase: 2 }, [{ capacityProvider: 'FARGATE', weight: 1 }]],
    [
      { onDemandBase: 1 },
      [
        { capacityProvider: 'FARGATE', base: 1, weight: 0 },
        { capacityProvider: 'FARGATE_SPOT', weight: 1 },
      ],
    ],
  ])('mixes Fargate and Fargate Spot as asked: %j', async (args, strategies) => {
    expect((await build(args)).result.strategies).toEqual(strategies);
  });

  it('takes no GPU and has no group of instances', async () => {
    const { result } = await build();
    expect(result.task).toEqual({ cpuUnits: 4096, memoryMib: 8192, gpus: 0 });
    expect(result.group).toBeUndefined();
  });

  it('refuses a size that Fargate has not, before anything is made', async () => {
    await expect(build({ taskCpu: 4096, taskMemoryMib: 4096 })).rejects.toThrow(
      'FargateCapacity "cpu": Fargate has no size of 4096 CPU units with 4096 MiB;',
    );
  });
});
