import { expect, it } from 'vitest';
import { validateConcurrency, validateMemory } from '../../../../cli/doctor/deployment/lambda.ts';
import { validateFunction } from '../../../../cli/doctor/function.ts';

const wanted = { maxCalls: 100, memoryMib: 10_240, reserveConcurrency: true };

it('says that a new account has too few concurrent executions to reserve any, and what to do', () => {
  expect(validateConcurrency(wanted, 10, 10)).toMatchObject({
    state: 'failed',
    why: expect.stringContaining('10 of 10'),
    fix: expect.stringContaining('pulumi config set reserveConcurrency false'),
  });
  expect(validateConcurrency({ ...wanted, reserveConcurrency: false }, 10, 10).state).toBe('warning');
});

it('counts the hundred that AWS keeps for others', () => {
  expect(validateConcurrency(wanted, 1000, 200).state).toBe('ok');
  expect(validateConcurrency(wanted, 1000, 199).state).toBe('failed');
});

it('warns that new accounts have functions of 3,008 MB at most', () => {
  expect(validateMemory(10, wanted)).toMatchObject({
    state: 'warning',
    fix: expect.stringContaining('pulumi config set taskMemoryMib 3008'),
  });
  expect(validateMemory(1000, wanted).state).toBe('ok');
  expect(validateMemory(10, { ...wanted, memoryMib: 3008 }).state).toBe('ok');
});

it.each([
  [{ State: 'Active', LastUpdateStatus: 'Successful', MemorySize: 10_240 }, 'ok', /10240 MB/],
  [{ State: 'Inactive' }, 'warning', /not called for weeks/],
  [{ State: 'Failed', StateReason: 'no image' }, 'failed', /no image/],
  [{ State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'no pull' }, 'failed', /no pull/],
])('reads the state of the function: %j is %s', (reported, state, why) => {
  expect(validateFunction(reported)).toMatchObject({ state, why: expect.stringMatching(why) });
});
