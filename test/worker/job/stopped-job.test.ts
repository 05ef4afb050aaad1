import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../worker/src/errors.ts';
import type { Stop } from '../../../worker/src/protocol/stop.ts';
import {
  ago,
  begun,
  broken,
  headers,
  job,
  jobAsSent,
  message,
  never,
  openWorker,
  partRequest,
  plan,
  untilStopped,
} from '../../helpers/worker/shared-job.ts';

const cancelled = (): Stop => ({ code: 'cancelled', message: 'By its owner.', at: ago(0).toISOString() });

describe('a job that is cancelled', () => {
  it('before it began never runs: its end is reported at once, and no dead letter is sent', async () => {
    await using farm = await openWorker({ lookSeconds: 100 });
    await farm.stop(cancelled());
    expect(await farm.runJob(message(job), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual(['failed']);
    expect(farm.asked).toEqual([]);
    expect((await farm.status())?.error).toEqual({ code: 'cancelled', message: 'By its owner.' });
  });

  it('and sent again afterwards is done as any other', async () => {
    await using farm = await openWorker();
    await farm.stop(cancelled());
    await farm.runJob(message(job, { sentAt: ago(-2) }), never);
    expect(farm.asked).toEqual(['transcode']);
  });
});

// Each waits for its clocks.
describe.concurrent('of a stopped job', () => {
  it('the end is reported by one worker: a helper waits for it, and then has nothing to say', async () => {
    await using farm = await openWorker({ work: untilStopped });
    await farm.report(begun);
    const outcome = farm.runPartRequest(partRequest(), never);
    await sleep(300);
    await farm.stop(broken());
    await sleep(1000);
    await farm.report({
      ...begun,
      state: 'failed',
      error: { code: 'trouble', message: 'Part 3 can’t be made.' },
    });
    expect(await outcome).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
  });

  it('the end is reported by a helper where who stopped it died: with its reason, and a dead letter that is the job', async () => {
    await using farm = await openWorker({ peerReportSeconds: 2 });
    await farm.report(begun);
    await farm.output.put(`a/${plan}/parts/0000.json`, '{}', headers);
    await farm.stop(broken());
    const before = performance.now();
    const outcome = await farm.runPartRequest(partRequest(), never);
    expect((performance.now() - before) / 1000).toBeGreaterThan(2);
    const { code, message: reason } = broken();
    expect(outcome).toEqual({ kind: 'give-up', jobId: 'a', requestId: 'r', code, reason, body: jobAsSent });
    expect(farm.reported).toEqual(['failed']);
    expect(farm.asked).toEqual([]);
    expect((await farm.status())?.error).toEqual({ code, message: reason });
    expect(await farm.output.head(`a/${plan}/parts/0000.json`)).toBeDefined();
  });

  it('that is cancelled while it runs the work ends; what is published of it is removed, but for its state', async () => {
    await using farm = await openWorker({ work: untilStopped, peerReportSeconds: 2 });
    await farm.report(begun);
    await farm.output.put(`a/${plan}/parts/0000.json`, '{}', headers);
    const outcome = farm.runJob(message(job), never);
    await sleep(300);
    await farm.stop(cancelled());
    // Nobody else is there to report it.
    expect(await outcome).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual(['failed']);
    const left: string[] = [];
    for await (const { key } of farm.output.list('a/')) left.push(key);
    expect(left).toEqual(['a/status.json', 'a/stop.json']);
  });

  it('a part request that outlived it says nothing of the job’s next run, which was sent afterwards', async () => {
    await using farm = await openWorker();
    await farm.stop(broken());
    const next = { ...begun, queuedAt: ago(-2).toISOString() };
    await farm.report(next);
    expect(await farm.runPartRequest(partRequest(), never)).toEqual({ kind: 'acknowledge' });
    expect(farm.reported).toEqual([]);
    expect(await farm.status()).toEqual(next);
  });

  it('a worker that must go while it waits gives its message back', async () => {
    await using farm = await openWorker();
    await farm.report(begun);
    await farm.stop(broken());
    const abort = new AbortController();
    const outcome = farm.runPartRequest(partRequest(), abort.signal);
    await sleep(500);
    abort.abort(new InterruptedError('stop'));
    expect(await outcome).toEqual({ kind: 'release' });
    expect(farm.reported).toEqual([]);
  });
});
