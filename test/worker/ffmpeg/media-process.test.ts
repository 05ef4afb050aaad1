import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../../worker/src/encode/progress.ts';
import type { PauseControl } from '../../../worker/src/ffmpeg/media-tool.ts';
import { anyCall, endless, errorOf, lives, toolsThat } from '../../helpers/fake-tool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farm-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('ffmpeg', () => {
  it('tells progress, hands lines of the extra descriptors on, and counts what was said on standard error', async () => {
    const tools = await toolsThat(
      folder,
      `echo 'one' >&3; echo 'other' >&4; echo 'two' >&3; echo 'a complaint' >&2
       echo 'frame=5'; echo 'out_time_us=200000'; echo 'progress=end'`,
    );
    const progress: Progress[] = [];
    const lines: string[][] = [[], []];
    const result = await tools.ffmpeg({
      ...anyCall,
      onProgress: (seen) => progress.push(seen),
      onLine: lines.map((own) => (line) => own.push(line)),
    });
    expect(lines).toEqual([['one', 'two'], ['other']]);
    expect(progress).toEqual([{ frames: 5, framesPerSecond: 0, outSeconds: 0.2, ended: true }]);
    expect(result).toEqual({ errorLines: 1 });
  });

  it('ends with exit code and the last that was said when it fails', async () => {
    const tools = await toolsThat(
      folder,
      'echo "first of all" >&2; echo "No space left on device" >&2; exit 28',
    );
    const error = await errorOf(tools.ffmpeg(anyCall));
    expect(error).toMatchObject({ exitCode: 28, killedBy: null, timedOut: false });
    expect(error.message).toMatch(/fake ended with exit code 28\nfirst of all\nNo space left on device$/);
  });

  it('keeps only the end of endless complaints', async () => {
    const tools = await toolsThat(
      folder,
      'i=0; while [ $i -lt 5000 ]; do echo "complaint number $i"; i=$((i+1)); done >&2; exit 1',
    );
    const error = await errorOf(tools.ffmpeg(anyCall));
    expect(error.stderrTail.length).toBeLessThanOrEqual(4000);
    expect(error.stderrTail).toMatch(/complaint number 4999$/);
  });

  it('tells a program that someone killed from one that failed', async () => {
    const error = await errorOf((await toolsThat(folder, 'kill -9 $$')).ffmpeg(anyCall));
    expect(error).toMatchObject({ exitCode: null, killedBy: 'SIGKILL', timedOut: false });
    expect(error.message).toContain('was killed by SIGKILL');
  });

  it('kills one that makes no progress, and all that it started', async () => {
    const tools = await toolsThat(folder, `sleep 300 & echo $! >"$(dirname "$0")/child"; ${endless}`);
    const startedAt = performance.now();
    const error = await errorOf(tools.ffmpeg({ ...anyCall, stallSeconds: 0.5 }));
    expect(error).toMatchObject({ timedOut: true });
    expect(error.message).toContain('was killed: no progress for 0.5 s');
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect([await lives(join(folder, 'pid')), await lives(join(folder, 'child'))]).toEqual([false, false]);
  });

  it('kills one that stands still, stopped by a signal that it can not see', async () => {
    const tools = await toolsThat(folder, `echo $$ >"$(dirname "$0")/pid"; kill -STOP $$; exit 0`);
    expect(await errorOf(tools.ffmpeg({ ...anyCall, stallSeconds: 0.5 }))).toMatchObject({ timedOut: true });
    expect(await lives(join(folder, 'pid'))).toBe(false);
  });

  it('is not fooled by progress reports in which nothing moves', async () => {
    const tools = await toolsThat(
      folder,
      `while :; do echo frame=7; echo out_time_us=280000; echo progress=continue; sleep 0.1; done`,
    );
    expect(await errorOf(tools.ffmpeg({ ...anyCall, stallSeconds: 0.6 }))).toMatchObject({ timedOut: true });
  });

  it('leaves one alone that moves, however long it takes', async () => {
    const tools = await toolsThat(
      folder,
      `i=0; while [ $i -lt 12 ]; do echo frame=$i; echo progress=continue; i=$((i+1)); sleep 0.2; done`,
    );
    await expect(tools.ffmpeg({ ...anyCall, stallSeconds: 1.2 })).resolves.toEqual({ errorLines: 0 });
  });

  it('waits for one whose source stands still', async () => {
    const tools = await toolsThat(folder, 'sleep 1.5; echo progress=end');
    let asked = 0;
    await tools.ffmpeg({ ...anyCall, stallSeconds: 0.3, isSourceStalled: () => ++asked > 0 });
    expect(asked).toBeGreaterThanOrEqual(2);
  });

  it('can be held back for longer than it may stand still, and goes on', async () => {
    const tools = await toolsThat(
      folder,
      `i=0; while [ $i -lt 8 ]; do echo frame=$i; echo progress=continue; i=$((i+1)); sleep 0.1; done`,
    );
    let pauseControl: PauseControl | undefined;
    let frames = 0;
    const running = tools.ffmpeg({
      ...anyCall,
      stallSeconds: 1.5,
      onStart: (started) => {
        pauseControl = started;
      },
      onProgress: (progress) => {
        frames = progress.frames;
      },
    });
    while (frames < 2) await sleep(10);
    pauseControl?.pause();
    await sleep(300);
    const held = frames;
    await sleep(2000);
    expect(frames).toBe(held);
    expect(frames).toBeLessThan(7);
    pauseControl?.resume();
    await running;
    expect(frames).toBe(7);
  });

  it('is stopped at once, held back or not, when the job is', async () => {
    for (const held of [false, true]) {
      const stop = new AbortController();
      const tools = await toolsThat(folder, endless);
      const running = tools.ffmpeg({
        ...anyCall,
        signal: stop.signal,
        onStart: (pauseControl) => {
          if (held) pauseControl.pause();
        },
      });
      await sleep(300);
      const stoppedAt = performance.now();
      stop.abort(new Error('asked to stop'));
      await expect(running).rejects.toThrow('asked to stop');
      expect(performance.now() - stoppedAt).toBeLessThan(2000);
      if (!held) expect(await lives(join(folder, 'pid'))).toBe(false);
    }
  });

  it('does not start for a job that is stopped already', async () => {
    const tools = await toolsThat(folder, endless);
    const signal = AbortSignal.abort(new Error('asked to stop'));
    await expect(tools.ffmpeg({ ...anyCall, signal })).rejects.toThrow('asked to stop');
    expect(readdirSync(folder)).toEqual(['fake']);
  });
});

describe('ffprobe', () => {
  it('is killed when it takes longer than it may', async () => {
    const tools = await toolsThat(folder, endless);
    const error = await errorOf(tools.ffprobe({ input: 'x', args: [], timeoutSeconds: 0.4 }));
    expect(error.timedOut).toBe(true);
    expect(await lives(join(folder, 'pid'))).toBe(false);
  });
});
