import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../worker/src/encode/progress.ts';
import { type Brake, MediaToolError, openMediaTools } from '../../worker/src/media-tool.ts';
import { realMediaTools } from '../helpers/clips.ts';
import { argumentsSeen, fakeTool } from '../helpers/fake-tool.ts';
import { serveFiles } from '../helpers/file-server.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farm-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Media tools whose ffmpeg and ffprobe run this shell script. */
async function toolsThat(script: string) {
  const path = await fakeTool(folder, 'fake', script);
  return openMediaTools({ ffmpegPath: path, ffprobePath: path, maxPixels: 1000, maxStreams: 8 });
}

const call = {
  input: { url: 'http://127.0.0.1:1/film' },
  inputArgs: ['-ss', '2'],
  outputArgs: ['-f', 'null', '-'],
  stallSeconds: 20,
};

async function ended(running: Promise<unknown>): Promise<MediaToolError> {
  const error = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MediaToolError)) throw new Error(`expected a MediaToolError, got ${String(error)}`);
  return error;
}

/** Whether a process that wrote its id into a file is still there. */
async function lives(file: string): Promise<boolean> {
  const pid = Number(await readFile(join(folder, file), 'utf8'));
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that has ended and that nobody has waited for is not alive either.
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

const endless = `echo $$ >"$(dirname "$0")/pid"; while :; do sleep 0.1; done`;

describe('openMediaTools', () => {
  it('reads every input through the same whitelists and limits, of ffmpeg and of ffprobe', async () => {
    const tools = await toolsThat('exit 0');
    const limits = async () => {
      const seen = await argumentsSeen(folder);
      const input = seen.indexOf('-i');
      const options = seen.slice(0, input);
      return ['-protocol_whitelist', '-format_whitelist', '-max_streams', '-max_pixels'].map((name) => {
        expect(
          options.filter((word) => word === name),
          name,
        ).toHaveLength(1);
        return options[options.indexOf(name) + 1];
      });
    };
    await tools.ffmpeg(call);
    const ofFfmpeg = await limits();
    await tools.ffprobe({ input: call.input.url, args: ['-show_streams'], timeoutSeconds: 20 });
    expect(await limits()).toEqual(ofFfmpeg);
    const [protocols, formats, streams, pixels] = ofFfmpeg;
    expect([protocols, streams, pixels]).toEqual(['http,tcp', '8', '1000']);
    for (const pointer of ['hls', 'concat', 'dash', 'sdp', 'image2', 'rtsp', 'lavfi', 'tty'])
      expect(formats?.split(',')).not.toContain(pointer);
    expect(formats?.split(',')).toEqual(expect.arrayContaining(['mov', 'mp4', 'matroska', 'mpegts', 'avi']));
  });

  it('puts the arguments of a call where they belong, and asks for progress', async () => {
    const tools = await toolsThat('exit 0');
    await tools.ffmpeg(call);
    const seen = await argumentsSeen(folder);
    expect(seen.slice(0, 5)).toEqual(['-hide_banner', '-nostdin', '-y', '-v', 'error']);
    expect(seen.slice(seen.indexOf('-progress'), seen.indexOf('-progress') + 2)).toEqual([
      '-progress',
      'pipe:1',
    ]);
    expect(seen.slice(-7)).toEqual(['-ss', '2', '-i', call.input.url, '-f', 'null', '-']);
  });

  it('gives the program an empty environment and no standard input', async () => {
    process.env.FARM_TEST_SECRET = 'a secret';
    try {
      // What it was started with, before the shell set variables of its own.
      const tools = await toolsThat(`cat /proc/$$/environ; echo "input: $(cat | wc -c)"`);
      expect(await tools.ffprobe({ input: 'x', args: [], timeoutSeconds: 20 })).toBe('input: 0\n');
    } finally {
      delete process.env.FARM_TEST_SECRET;
    }
  });

  it('tells which ffmpeg it is', async () => {
    expect((await toolsThat('exit 0')).version).toBe('7.1-fake');
    expect(realMediaTools().version).toMatch(/^\d+\.\d+/);
  });

  it('says what to do when a program is not there', () => {
    const paths = { ffmpegPath: 'no-such-ffmpeg', ffprobePath: 'ffprobe', maxPixels: 1, maxStreams: 1 };
    expect(() => openMediaTools(paths)).toThrow(
      '"no-such-ffmpeg" was not found on the PATH. Install ffmpeg, or name it in FFMPEG_PATH and FFPROBE_PATH.',
    );
    expect(() => openMediaTools({ ...paths, ffmpegPath: '/bin/true' })).toThrow(
      '"/bin/true" does not tell its version; is it ffmpeg?',
    );
  });

  it('refuses a text file that points elsewhere, whatever its name', async () => {
    await writeFile(
      join(folder, 'film.mp4'),
      '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n',
    );
    await using server = await serveFiles();
    const error = await ended(
      realMediaTools().ffprobe({ input: server.url(join(folder, 'film.mp4')), args: [], timeoutSeconds: 20 }),
    );
    expect(error.stderrTail).toContain('not on whitelist');
  });
});

describe('ffmpeg', () => {
  it('tells progress, hands lines of the extra descriptors on, and counts what was said on standard error', async () => {
    const tools = await toolsThat(
      `echo 'one' >&3; echo 'other' >&4; echo 'two' >&3; echo 'a complaint' >&2
       echo 'frame=5'; echo 'out_time_us=200000'; echo 'progress=end'`,
    );
    const progress: Progress[] = [];
    const lines: string[][] = [[], []];
    const result = await tools.ffmpeg({
      ...call,
      onProgress: (seen) => progress.push(seen),
      onLine: lines.map((own) => (line) => own.push(line)),
    });
    expect(lines).toEqual([['one', 'two'], ['other']]);
    expect(progress).toEqual([{ frames: 5, framesPerSecond: 0, outSeconds: 0.2, ended: true }]);
    expect(result).toEqual({ errorLines: 1 });
  });

  it('ends with exit code and the last that was said when it fails', async () => {
    const tools = await toolsThat('echo "first of all" >&2; echo "No space left on device" >&2; exit 28');
    const error = await ended(tools.ffmpeg(call));
    expect(error).toMatchObject({ exitCode: 28, killedBy: null, timedOut: false });
    expect(error.message).toMatch(/fake ended with exit code 28\nfirst of all\nNo space left on device$/);
  });

  it('keeps only the end of endless complaints', async () => {
    const tools = await toolsThat(
      'i=0; while [ $i -lt 5000 ]; do echo "complaint number $i"; i=$((i+1)); done >&2; exit 1',
    );
    const error = await ended(tools.ffmpeg(call));
    expect(error.stderrTail.length).toBeLessThanOrEqual(4000);
    expect(error.stderrTail).toMatch(/complaint number 4999$/);
  });

  it('tells a program that someone killed from one that failed', async () => {
    const error = await ended((await toolsThat('kill -9 $$')).ffmpeg(call));
    expect(error).toMatchObject({ exitCode: null, killedBy: 'SIGKILL', timedOut: false });
    expect(error.message).toContain('was killed by SIGKILL');
  });

  it('kills one that makes no progress, and all that it started', async () => {
    const tools = await toolsThat(`sleep 300 & echo $! >"$(dirname "$0")/child"; ${endless}`);
    const startedAt = performance.now();
    const error = await ended(tools.ffmpeg({ ...call, stallSeconds: 0.5 }));
    expect(error).toMatchObject({ timedOut: true });
    expect(error.message).toContain('was killed: no progress for 0.5 s');
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect([await lives('pid'), await lives('child')]).toEqual([false, false]);
  });

  it('kills one that stands still, stopped by a signal that it can not see', async () => {
    const tools = await toolsThat(`echo $$ >"$(dirname "$0")/pid"; kill -STOP $$; exit 0`);
    expect(await ended(tools.ffmpeg({ ...call, stallSeconds: 0.5 }))).toMatchObject({ timedOut: true });
    expect(await lives('pid')).toBe(false);
  });

  it('is not fooled by progress reports in which nothing moves', async () => {
    const tools = await toolsThat(
      `while :; do echo frame=7; echo out_time_us=280000; echo progress=continue; sleep 0.1; done`,
    );
    expect(await ended(tools.ffmpeg({ ...call, stallSeconds: 0.6 }))).toMatchObject({ timedOut: true });
  });

  it('leaves one alone that moves, however long it takes', async () => {
    const tools = await toolsThat(
      `i=0; while [ $i -lt 12 ]; do echo frame=$i; echo progress=continue; i=$((i+1)); sleep 0.2; done`,
    );
    await expect(tools.ffmpeg({ ...call, stallSeconds: 1.2 })).resolves.toEqual({ errorLines: 0 });
  });

  it('waits for one whose source stands still', async () => {
    const tools = await toolsThat('sleep 1.5; echo progress=end');
    let asked = 0;
    await tools.ffmpeg({ ...call, stallSeconds: 0.3, excused: () => ++asked > 0 });
    expect(asked).toBeGreaterThanOrEqual(2);
  });

  it('can be held back for longer than it may stand still, and goes on', async () => {
    const tools = await toolsThat(
      `i=0; while [ $i -lt 8 ]; do echo frame=$i; echo progress=continue; i=$((i+1)); sleep 0.1; done`,
    );
    let brake: Brake | undefined;
    let frames = 0;
    const running = tools.ffmpeg({
      ...call,
      stallSeconds: 1.5,
      onStart: (started) => {
        brake = started;
      },
      onProgress: (progress) => {
        frames = progress.frames;
      },
    });
    while (frames < 2) await sleep(10);
    brake?.pause();
    await sleep(300);
    const held = frames;
    await sleep(2000);
    expect(frames).toBe(held);
    expect(frames).toBeLessThan(7);
    brake?.resume();
    await running;
    expect(frames).toBe(7);
  });

  it('is stopped at once, held back or not, when the job is', async () => {
    for (const held of [false, true]) {
      const stop = new AbortController();
      const tools = await toolsThat(endless);
      const running = tools.ffmpeg({
        ...call,
        signal: stop.signal,
        onStart: (brake) => {
          if (held) brake.pause();
        },
      });
      await sleep(300);
      const stoppedAt = performance.now();
      stop.abort(new Error('asked to stop'));
      await expect(running).rejects.toThrow('asked to stop');
      expect(performance.now() - stoppedAt).toBeLessThan(2000);
      if (!held) expect(await lives('pid')).toBe(false);
    }
  });

  it('does not start for a job that is stopped already', async () => {
    const tools = await toolsThat(endless);
    const signal = AbortSignal.abort(new Error('asked to stop'));
    await expect(tools.ffmpeg({ ...call, signal })).rejects.toThrow('asked to stop');
    expect(readdirSync(folder)).toEqual(['fake']);
  });
});

describe('ffprobe', () => {
  it('is killed when it takes longer than it may', async () => {
    const tools = await toolsThat(endless);
    const error = await ended(tools.ffprobe({ input: 'x', args: [], timeoutSeconds: 0.4 }));
    expect(error.timedOut).toBe(true);
    expect(await lives('pid')).toBe(false);
  });
});

describe('the worker', () => {
  it('starts programs in one place alone', () => {
    const root = new URL('../../worker/src/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const starters = files.filter((file) => /child_process/.test(readFileSync(new URL(file, root), 'utf8')));
    expect(starters.sort()).toEqual(['media-process.ts', 'media-tool.ts']);
    expect(files.length).toBeGreaterThan(50);
  });
});
