import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { allowedCores, keepTo } from '../../../tools/bench/lib/cores.ts';
import { watchLeftovers } from '../../../tools/bench/lib/leftovers.ts';

it('names the cores that a measurement has not given back', () => {
  const before = allowedCores();
  const check = watchLeftovers();
  check('overlap');
  keepTo(before[0] as string, process.pid);
  try {
    expect(() => check('overlap')).toThrow(
      `overlap left this process on the cores ${before[0]}, which had ${before}`,
    );
  } finally {
    keepTo(before.join(), process.pid);
  }
});

it('names the processes that a measurement has not ended', async () => {
  const check = watchLeftovers();
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  expect(() => check('joined')).toThrow(/^joined left processes running: \d+ \(sleep 60\)/);
  child.kill();
  await once(child, 'exit');
  check('joined');
});
