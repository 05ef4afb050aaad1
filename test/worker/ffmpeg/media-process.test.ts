import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PauseControl } from '../../../worker/src/ffmpeg/media-tool.ts';
import type { Progress } from '../../../worker/src/ffmpeg/progress.ts';
import { anyCall, endless, errorOf, fakeTool, lives, toolsThat } from '../../helpers/ffmpeg/fake-tool.ts';
import { until } from '../../helpers/until.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farm-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('ffmpeg', () => {
  it('reports progress, passes on lines of the extra descriptors, and counts what was said on standard error', async () => {
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
    expect(error.message).toBe('fake ended with exit code 28: first of all');
    expect(error.stderrTail).toBe('first of all\nNo space left on device');
    expect(error.command).toMatch(/\/fake -hide_banner .* -i http:\/\/127\.0\.0\.1:1\/film -f null -$/);
  });

  it('holds one line of its output at a time, and drops the rest of a line without an end', async () => {
    const tools = await toolsThat(
      folder,
      "head -c 3000000 /dev/zero | tr '\\0' 'x' >&3; echo >&3; echo short >&3; printf 'no end' >&3",
    );
    const lines: string[] = [];
    await tools.ffmpeg({ ...anyCall, onLine: [(line) => lines.push(line)] });
    expect(lines.map((line) => line.length)).toEqual([65536, 5, 6]);
  });

  it('does not count what is said of covers, fonts and left-out streams as damage', async () => {
    const said = [
      '[png @ 0x5555] Invalid PNG signature 0x504B030461616161.',
      '[mjpeg @ 0x5555] No JPEG data found in image',
      '[matroska,webm @ 0x5555] Number of streams exceeds max_streams parameter (64), see the documentation',
      '[h264 @ 0x5555] error while decoding MB 4 9',
      '    Last message repeated 1 times',
    ];
    const tools = await toolsThat(folder, `cat >&2 <<'END'\n${said.join('\n')}\nEND`);
    expect(await tools.ffmpeg(anyCall)).toEqual({ errorLines: 1 });
  });

  it('names the cause and neither its own path, nor addresses, nor what followed from the cause', async () => {
    const said = [
      '[png @ 0x5555] Invalid PNG signature 0x504B030461616161.',
      '[in#0 @ 0x55] Error opening input http://127.0.0.1:36675/film/12ab: Connection refused',
      '[vost#0:0/libx264 @ 0x5588] Task finished with error code: -22 (Invalid argument)',
      'Conversion failed!',
    ];
    const tools = await toolsThat(folder, `cat >&2 <<'END'\n${said.join('\n')}\nEND\nexit 1`);
    const error = await errorOf(tools.ffmpeg(anyCall));
    expect(error.message).toBe(
      'fake ended with exit code 1: Error opening input the film: Connection refused',
    );
    expect(error.stderrTail).toBe(said.join('\n'));
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

  it('distinguishes a program that someone killed from one that failed', async () => {
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

  it('kills one that stands still, stopped by a signal that it cannot see', async () => {
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

  it.each([false, true])('outlives no worker that is killed, held back: %s', async (held) => {
    const path = await fakeTool(
      folder,
      'fake',
      `echo $$ >"$(dirname "$0")/pid"; while echo frame=1 && echo progress=continue; do sleep 0.1; done`,
    );
    const mediaTool = fileURLToPath(import.meta.resolve('../../../worker/src/ffmpeg/media-tool.ts'));
    const worker = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { openMediaTools } from ${JSON.stringify(mediaTool)};
         const tools = await openMediaTools(${JSON.stringify({ ffmpegPath: path, ffprobePath: path, maxPixels: 1000, maxStreams: 8 })});
         let control;
         const onStart = (started) => { control = started; };
         const onProgress = () => { if (${held}) control.pause(); console.log('seen'); };
         await tools.ffmpeg({ ...${JSON.stringify(anyCall)}, onStart, onProgress });`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(worker.stdout, 'data');
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await until(async () => !(await lives(join(folder, 'pid'))), 'the tool to end', 5);
  });

  it('does not start for a job that is stopped already', async () => {
    const tools = await toolsThat(folder, endless);
    const signal = AbortSignal.abort(new Error('asked to stop'));
    await expect(tools.ffmpeg({ ...anyCall, signal })).rejects.toThrow('asked to stop');
    expect(readdirSync(folder)).toEqual(['fake']);
  });
});

describe('ffprobe', () => {
  it('passes on more lines than a string can hold when a caller reads them one by one', async () => {
    const tools = await toolsThat(folder, 'seq 1 2000000');
    let count = 0;
    let last = '';
    const output = await tools.ffprobe({
      input: 'x',
      args: [],
      timeoutSeconds: 60,
      onLine: (line) => {
        count += 1;
        last = line;
      },
    });
    expect([output, count, last]).toEqual(['', 2_000_000, '2000000']);
  });

  it('is ended when it reports more than the header of a film can', async () => {
    const tools = await toolsThat(folder, `echo $$ >"$(dirname "$0")/pid"; while :; do seq 1 100000; done`);
    await expect(tools.ffprobe({ input: 'x', args: [], timeoutSeconds: 60 })).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'not-media',
    });
    expect(await lives(join(folder, 'pid'))).toBe(false);
  });

  it('is killed when it takes longer than it may', async () => {
    const tools = await toolsThat(folder, endless);
    const error = await errorOf(tools.ffprobe({ input: 'x', args: [], timeoutSeconds: 0.4 }));
    expect(error.timedOut).toBe(true);
    expect(await lives(join(folder, 'pid'))).toBe(false);
  });
});
