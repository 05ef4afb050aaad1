import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { JobState, Progress } from '../../../worker/src/protocol/status.ts';
import { createReporter } from '../../../worker/src/report/reporter.ts';
import type { Sink } from '../../../worker/src/report/sink.ts';
import { createStatusFiles, readStatusFile } from '../../../worker/src/report/status-file.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { at, film, running, succeeded } from '../../helpers/reports/job-states.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { startStorage } from '../../helpers/worker/storage.ts';

const job = { id: 'a', source: 'a.mp4', requestId: 'r' };
const facts = { attempt: 1, maxAttempts: 3, queuedAt: at(0) };
const progress = (percent: number): Progress => ({
  percent,
  publishedBytes: 0,
  publishedSegments: 0,
  renditions: [],
});
const start = { to: 'running', attempt: 1, worker: 'w1' } as const;

function recordingSink() {
  const reported: JobState[] = [];
  const sink: Sink = {
    transition: (state) => reported.push(state),
    progress: (state) => reported.push(state),
  };
  return { sink, reported };
}

describe('a report', () => {
  it('reports progress at most once an interval, the newest, however often it changes', async () => {
    const { sink, reported } = recordingSink();
    const report = createReporter({ sinks: [sink], intervalMs: 100 }).open(job, facts);
    await report.move(start);
    for (let percent = 0; percent < 50; percent += 1) report.update({ progress: progress(percent) });
    expect(reported).toHaveLength(1);
    await vi.waitFor(() => expect(reported).toHaveLength(2));
    await sleep(100);
    expect(reported.slice(1).map((state) => state.progress?.percent)).toEqual([49]);
  });

  it('reports when it is known when the film can be played, and when that has moved, once a second at most', async () => {
    vi.useFakeTimers();
    try {
      const { sink, reported } = recordingSink();
      const report = createReporter({ sinks: [sink], intervalMs: 60_000 }).open(job, facts);
      const at = (percent: number, playableInSeconds: number) =>
        report.update({ progress: { ...progress(percent), playableInSeconds } });
      const expected = () => reported.map((state) => state.progress?.playableInSeconds);
      await report.move(start);
      report.update({ progress: progress(1) });
      at(2, 5);
      await vi.advanceTimersByTimeAsync(990);
      expect(reported).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(20);
      expect(expected()).toEqual([undefined, 5]);
      await vi.advanceTimersByTimeAsync(1000);
      // As was expected.
      at(3, 4);
      await vi.advanceTimersByTimeAsync(1000);
      expect(reported).toHaveLength(2);
      // A second later than that.
      at(4, 4);
      await vi.advanceTimersByTimeAsync(10);
      expect(expected()).toEqual([undefined, 5, 4]);
      // In the last second that it can be played is what is reported next.
      at(5, 0.2);
      await vi.advanceTimersByTimeAsync(1500);
      expect(reported).toHaveLength(3);
      await report.move({ to: 'playable', early: { playlist: 'a/1/early/index.m3u8', plan: '1' } });
      expect(reported[3]?.progress).toEqual(progress(5));
      await report.setReporting('detached');
    } finally {
      vi.useRealTimers();
    }
  });

  it('says nothing of a running job after its end', async () => {
    const { sink, reported } = recordingSink();
    const report = createReporter({ sinks: [sink], intervalMs: 50 }).open(job, facts);
    await report.move(start);
    report.update({ progress: progress(10) });
    await report.move({ to: 'succeeded', film });
    report.update({ progress: progress(20) });
    await sleep(100);
    expect(reported.map(({ state }) => state)).toEqual(['running', 'succeeded']);
  });

  it('says nothing at all once the job is someone else’s', async () => {
    const { sink, reported } = recordingSink();
    const report = createReporter({ sinks: [sink], intervalMs: 50 }).open(job, facts);
    await report.move(start);
    report.update({ progress: progress(10) });
    await report.setReporting('detached');
    report.update({ progress: progress(20) });
    await report.move({ to: 'succeeded', film });
    await sleep(100);
    expect(reported.map(({ state }) => state)).toEqual(['running']);
  });

  it('waits for a slow sink no longer than allowed', async () => {
    const slow: Sink = {
      transition: () => {},
      flush: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    };
    const report = createReporter({ sinks: [slow] }).open(job, facts);
    await report.move(start);
    const before = performance.now();
    await report.move({ to: 'succeeded', film }, 200);
    expect(performance.now() - before).toBeLessThan(600);
  });

  it('shows no secret that a source URL may hold', () => {
    const source = 'https://user:pass@films.example/a.mp4?X-Amz-Signature=abc';
    const report = createReporter({ sinks: [] }).open({ ...job, source }, facts);
    expect(report.state().source).toBe('https://films.example/a.mp4');
  });
});

describe('a report of a job that several workers have', () => {
  const reported = { ...running('a'), progress: progress(30) };
  const open = (sink: Sink) => createReporter({ sinks: [sink], intervalMs: 20 });

  it('begins with what was reported, and is silent, for a worker that joins', async () => {
    const { sink, reported: said } = recordingSink();
    const report = open(sink).join(job, reported);
    expect(report.state()).toEqual(reported);
    expect(report.reporting()).toBe('silent');
    report.update({ progress: progress(40) });
    await sleep(60);
    expect(said).toEqual([]);
    expect(report.state().progress?.percent).toBe(40);
  });

  it('is reported by the worker that opened it', () => {
    expect(
      open({ transition: () => {} })
        .open(job, facts)
        .reporting(),
    ).toBe('reporting');
  });

  it('reports progress while it is this worker’s turn, and what was reported is not taken back', async () => {
    const { sink, reported: said } = recordingSink();
    const report = open(sink).join(job, reported);
    await report.setReporting('reporting');
    report.update({ progress: progress(20) });
    await vi.waitFor(() => expect(said).toHaveLength(1), { timeout: 5000 });
    report.update({ progress: progress(50) });
    await vi.waitFor(() => expect(said).toHaveLength(2), { timeout: 5000 });
    await report.setReporting('silent');
    report.update({ progress: progress(60) });
    await sleep(60);
    expect(said.map((state) => state.progress?.percent)).toEqual([30, 50]);
  });

  it('takes back what it was about to say when its turn ends', async () => {
    const { sink, reported: said } = recordingSink();
    const report = open(sink).join(job, reported);
    await report.setReporting('reporting');
    report.update({ progress: progress(40) });
    await report.setReporting('silent');
    await sleep(60);
    expect(said).toEqual([]);
  });

  it('waits at the end of its turn until what it said is written, once', async () => {
    let flushes = 0;
    const sink: Sink = {
      transition: () => {},
      flush: async () => {
        await sleep(30);
        flushes += 1;
      },
    };
    const report = open(sink).join(job, reported);
    await report.setReporting('silent');
    expect(flushes).toBe(0);
    await report.setReporting('reporting');
    await report.setReporting('silent');
    await report.setReporting('silent');
    expect(flushes).toBe(1);
  });

  it('reports the end also out of turn', async () => {
    const { sink, reported: said } = recordingSink();
    const report = open(sink).join(job, reported);
    await report.move({ to: 'succeeded', film });
    expect(said.map(({ state }) => state)).toEqual(['succeeded']);
  });

  it('is no news where this worker gives up for now and others go on, but the end is', async () => {
    for (const pause of [{ to: 'queued' }, { to: 'retrying', error: { code: 'c', message: 'm' } }] as const) {
      const { sink, reported: said } = recordingSink();
      const report = open(sink).join(job, reported);
      await report.move(pause);
      expect(report.state().state).toBe('running');
      await report.move({ to: 'failed', error: { code: 'c', message: 'm' } });
      expect(said.map(({ state }) => state)).toEqual(['failed']);
    }
  });
});

describe('status.json', () => {
  it('lies beside the film, is never cached, and can be read back', async () => {
    await using storage = await startStorage();
    const store = openStore(storage.bucket('films-out'));
    const { log } = recordingLogger();
    const files = createStatusFiles(store, 'films/', log);
    files.transition(succeeded('a'), { requestId: 'r' });
    await files.flush?.('a', AbortSignal.timeout(3000));
    const response = await fetch(`${storage.endpoint}/films-out/films/a/status.json`);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.json()).toEqual(succeeded('a'));
    expect(await readStatusFile(store, 'films/', 'a', log)).toEqual(succeeded('a'));
    expect(await readStatusFile(store, 'films/', 'other', log)).toBeUndefined();
    store.close();
  });

  it('leaves out the metadata of the job, as it lies where viewers can read it, unless the farm publishes them', async () => {
    await using storage = await startStorage();
    const store = openStore(storage.bucket('films-out'));
    const { log } = recordingLogger();
    const state = { ...succeeded('a'), metadata: { userId: 42 } };
    for (const publishMetadata of [false, true]) {
      const files = createStatusFiles(store, '', log, { publishMetadata });
      files.transition(state, { requestId: 'r' });
      await files.flush?.('a', AbortSignal.timeout(3000));
      expect(await readStatusFile(store, '', 'a', log)).toEqual(publishMetadata ? state : succeeded('a'));
    }
    store.close();
  });

  it('ends with the last state, whatever came before it', async () => {
    await using storage = await startStorage();
    const store = openStore(storage.bucket('films-out'));
    const { log } = recordingLogger();
    const files = createStatusFiles(store, '', log);
    for (let percent = 0; percent < 30; percent += 1) {
      files.progress?.({ ...running('a'), progress: progress(percent) }, { requestId: 'r' });
      if (percent % 10 === 0) await sleep(10);
    }
    files.transition(succeeded('a'), { requestId: 'r' });
    await files.flush?.('a', AbortSignal.timeout(3000));
    expect(await readStatusFile(store, '', 'a', log)).toEqual(succeeded('a'));
    store.close();
  });

  it('that cannot be written fails and delays nothing', async () => {
    const storage = await startStorage();
    const store = openStore(storage.bucket('films-out'), { retrySeconds: 60 });
    await storage[Symbol.asyncDispose]();
    const { log } = recordingLogger();
    const files = createStatusFiles(store, '', log);
    const before = performance.now();
    files.transition(succeeded('a'), { requestId: 'r' });
    await files.flush?.('a', AbortSignal.timeout(300));
    expect(performance.now() - before).toBeLessThan(1000);
    store.close();
  });

  it('of any job has its place by prefix and id', () => {
    expect(new JobFolder('', 'a').status).toBe('a/status.json');
    expect(new JobFolder('films/', 'a').status).toBe('films/a/status.json');
  });
});
