import { describe, expect, it } from 'vitest';
import { fargateMistake } from '../../../infra/compute/fargate-sizes.ts';
import { fitTask, largestTask, maxGpus } from '../../../infra/compute/instance-types.ts';

describe('the task on GPU instances', () => {
  it.each([
    { types: ['g4dn.xlarge'], cpuUnits: 4096, memoryMib: 14_336 },
    { types: ['g6e.xlarge'], cpuUnits: 4096, memoryMib: 28_672 },
    // Four GPUs: four tasks share the machine.
    { types: ['g4dn.12xlarge'], cpuUnits: 12_288, memoryMib: 43_008 },
    { types: ['g6e.4xlarge', 'g6.xlarge', 'g5.2xlarge'], cpuUnits: 4096, memoryMib: 14_336 },
  ] as const)('fits the smallest of $types', ({ types, cpuUnits, memoryMib }) => {
    expect(largestTask([...types])).toEqual({ cpuUnits, memoryMib });
    expect(fitTask(types)).toEqual({ cpuUnits, memoryMib });
  });

  it('stays below what ECS was seen to register', () => {
    const registeredMib = {
      'g4dn.xlarge': 15_759,
      'g5.xlarge': 15_759,
      'g6.xlarge': 15_339,
      'g6e.xlarge': 31_611,
    };
    for (const [type, registered] of Object.entries(registeredMib)) {
      expect(fitTask([type]).memoryMib).toBeLessThan(registered);
    }
  });

  it('takes the size that is asked for', () => {
    expect(fitTask(['g4dn.xlarge'], { memoryMib: 8192 })).toEqual({ cpuUnits: 4096, memoryMib: 8192 });
  });

  it('refuses a task that would never be placed', () => {
    expect(() => fitTask(['g4dn.xlarge', 'g6e.xlarge'], { memoryMib: 16_384 })).toThrow(
      'A task of 4096 CPU units and 16384 MiB does not fit the smallest of g4dn.xlarge, g6e.xlarge: at most 4096 units and 14336 MiB. Ask for less, or list only larger instance types.',
    );
  });

  it.each([[['t3.micro']], [['g5g.xlarge']], [[]]])('refuses %j, which has no NVIDIA encoder', (types) => {
    expect(() => fitTask(types)).toThrow(/"instanceTypes" is .*expected one or more of g4dn\.xlarge, /);
  });
});

it('knows how many tasks the largest of some types has room for', () => {
  expect(maxGpus(['g4dn.xlarge', 'g5.xlarge'])).toBe(1);
  expect(maxGpus(['g4dn.xlarge', 'g4dn.12xlarge'])).toBe(4);
});

describe('the task on Fargate', () => {
  it.each([
    [256, 512],
    [256, 2048],
    [1024, 3072],
    [4096, 8192],
    [8192, 20_480],
    [16_384, 122_880],
  ])('may have %i CPU units and %i MiB', (cpu, memory) => {
    expect(fargateMistake(cpu, memory)).toBeUndefined();
  });

  it.each([
    [256, 1536, 'expected one of 512, 1024, 2048 MiB.'],
    [4096, 4096, 'Fargate has no size of 4096 CPU units with 4096 MiB; expected one of 8192, 9216, '],
    [
      3000,
      8192,
      'Fargate has no size of 3000 CPU units; expected one of 256, 512, 1024, 2048, 4096, 8192, 16384.',
    ],
  ])('may not have %i CPU units and %i MiB', (cpu, memory, sentence) => {
    expect(fargateMistake(cpu, memory)).toContain(sentence);
  });
});
