import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';
import { anyCall, argumentsSeen, errorOf, fakeTool, toolsThat } from '../../helpers/ffmpeg/fake-tool.ts';
import { realMediaTools } from '../../helpers/media/clips.ts';
import { serveFiles } from '../../helpers/media/file-server.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farm-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('openMediaTools', () => {
  it('reads every input through the same whitelists and limits, of ffmpeg and of ffprobe', async () => {
    const tools = await toolsThat(folder, 'exit 0');
    const limits = async () => {
      const seen = await argumentsSeen(folder);
      const input = seen.indexOf('-i');
      const options = seen.slice(0, input);
      const names = ['-protocol_whitelist', '-format_whitelist', '-max_streams', '-max_pixels', '-max_alloc'];
      return names.map((name) => {
        expect(
          options.filter((word) => word === name),
          name,
        ).toHaveLength(1);
        return options[options.indexOf(name) + 1];
      });
    };
    await tools.ffmpeg(anyCall);
    const ofFfmpeg = await limits();
    await tools.ffprobe({ input: anyCall.input.url, args: ['-show_streams'], timeoutSeconds: 20 });
    expect(await limits()).toEqual(ofFfmpeg);
    const [protocols, formats, streams, pixels, bytes] = ofFfmpeg;
    expect([protocols, streams, pixels, bytes]).toEqual(['http,tcp', '9', '1000', '536870912']);
    for (const pointer of ['hls', 'concat', 'dash', 'sdp', 'image2', 'rtsp', 'lavfi', 'tty'])
      expect(formats?.split(',')).not.toContain(pointer);
    expect(formats?.split(',')).toEqual(expect.arrayContaining(['mov', 'mp4', 'matroska', 'mpegts', 'avi']));
  });

  it('puts the arguments of a call where they belong, and asks for progress', async () => {
    const tools = await toolsThat(folder, 'exit 0');
    await tools.ffmpeg(anyCall);
    const seen = await argumentsSeen(folder);
    expect(seen.slice(0, 5)).toEqual(['-hide_banner', '-nostdin', '-y', '-v', 'error']);
    expect(seen.slice(seen.indexOf('-progress'), seen.indexOf('-progress') + 2)).toEqual([
      '-progress',
      'pipe:1',
    ]);
    expect(seen.slice(-7)).toEqual(['-ss', '2', '-i', anyCall.input.url, '-f', 'null', '-']);
  });

  it('gives the program an empty environment and no standard input', async () => {
    process.env.FARM_TEST_SECRET = 'a secret';
    try {
      // What it was started with, before the shell set variables of its own.
      const tools = await toolsThat(folder, `cat /proc/$$/environ; echo "input: $(cat | wc -c)"`);
      expect(await tools.ffprobe({ input: 'x', args: [], timeoutSeconds: 20 })).toBe('input: 0\n');
    } finally {
      delete process.env.FARM_TEST_SECRET;
    }
  });

  it('gives ffmpeg a folder for what CUDA compiles, and nothing else', async () => {
    const path = await fakeTool(folder, 'fake', `cat /proc/$$/environ >"${folder}/environment"`);
    const paths = { ffmpegPath: path, ffprobePath: path, maxPixels: 1000, maxStreams: 8 };
    await openMediaTools({ ...paths, cudaCachePath: '/scratch/cuda-cache' }).ffmpeg(anyCall);
    expect(readFileSync(join(folder, 'environment'), 'utf8')).toBe('CUDA_CACHE_PATH=/scratch/cuda-cache\0');
  });

  it('lets what encodes stand behind the worker, and ffprobe, for which a film waits, not', async () => {
    const tools = await toolsThat(folder, `sleep 0.2; nice >"$(dirname "$0")/nice"`);
    const niceness = () => Number(readFileSync(join(folder, 'nice'), 'utf8'));
    await tools.ffmpeg(anyCall);
    expect(niceness()).toBe(constants.priority.PRIORITY_BELOW_NORMAL);
    await tools.ffprobe({ input: anyCall.input.url, args: ['-show_streams'], timeoutSeconds: 20 });
    expect(niceness()).toBe(getPriority());
  });

  it('says which ffmpeg it is', async () => {
    expect((await toolsThat(folder, 'exit 0')).version).toBe('7.1-fake');
    expect(realMediaTools().version).toMatch(/^n?\d+\.\d+/);
  });

  it('says what to do when a program is not there', () => {
    const paths = { ffmpegPath: 'no-such-ffmpeg', ffprobePath: 'ffprobe', maxPixels: 1, maxStreams: 1 };
    expect(() => openMediaTools(paths)).toThrow(
      '"no-such-ffmpeg" was not found on the PATH. Install ffmpeg, or name it in FFMPEG_PATH and FFPROBE_PATH.',
    );
    expect(() => openMediaTools({ ...paths, ffmpegPath: '/bin/true' })).toThrow(
      '"/bin/true" does not print its version; is it ffmpeg?',
    );
  });

  it('refuses a text file that points elsewhere, whatever its name', async () => {
    await writeFile(
      join(folder, 'film.mp4'),
      '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n',
    );
    await using server = await serveFiles();
    const error = await errorOf(
      realMediaTools().ffprobe({ input: server.url(join(folder, 'film.mp4')), args: [], timeoutSeconds: 20 }),
    );
    // From 7.1 on, ffmpeg takes a playlist for one by its name only.
    expect(error.stderrTail).toMatch(/not on whitelist|moov atom not found/);
  });
});

describe('the worker', () => {
  it('starts programs in one place alone', () => {
    const root = new URL('../../../worker/src/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const starters = files.filter((file) => /child_process/.test(readFileSync(new URL(file, root), 'utf8')));
    expect(starters.sort()).toEqual(['ffmpeg/media-process.ts', 'ffmpeg/programs.ts']);
    expect(files.length).toBeGreaterThan(50);
  });
});
