import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalFarm, startLocalFarm } from '../../../cli/local-farm/farm.ts';
import { startWorker } from '../../../cli/local-farm/worker.ts';
import { until } from '../../helpers/until.ts';

let farm: LocalFarm;

beforeAll(async () => {
  farm = await startLocalFarm({ storage: 'memory' });
});

afterAll(() => farm.close());

it('starts, logs JSON, and ends in order when it is stopped', async () => {
  const worker = startWorker(farm.environment, join(farm.dir, 'one.log'));
  await until(() => worker.log.length > 0, 'the worker to say something');
  for (const line of worker.log) expect(JSON.parse(line)).toHaveProperty('msg');
  expect(await worker.stop()).toEqual({ code: 0, signal: null });
});

it('ends with its reason in the log when its settings are wrong', async () => {
  const worker = startWorker({ ...farm.environment, ENCODER: 'vp8' as 'x264' }, join(farm.dir, 'two.log'));
  expect((await worker.exited).code).toBe(78);
  expect(worker.log.join('\n')).toContain('ENCODER');
});

it('does not outlive the process that started it, not even when that is killed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'farm-test-'));
  const script = join(dir, 'parent.ts');
  const module = new URL('../../../cli/local-farm/worker.ts', import.meta.url).href;
  await writeFile(
    script,
    `import { startWorker } from ${JSON.stringify(module)};
    const worker = startWorker(JSON.parse(process.env.WORKER_ENVIRONMENT ?? ''), ${JSON.stringify(join(dir, 'log'))});
    const timer = setInterval(() => { if (worker.log.length > 0) { clearInterval(timer); process.send?.(worker.pid); } }, 20);`,
  );
  const parent = fork(script, {
    env: { ...process.env, WORKER_ENVIRONMENT: JSON.stringify(farm.environment) },
  });
  const [pid] = (await once(parent, 'message')) as [number];
  parent.kill('SIGKILL');
  await until(() => !isRunning(pid), 'the worker to end');
  await rm(dir, { recursive: true });
});

function isRunning(pid: number): boolean {
  try {
    // A zombie has ended; only nobody has asked how.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
