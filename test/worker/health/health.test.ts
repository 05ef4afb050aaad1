import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaToolError } from '../../../worker/src/ffmpeg/media-tool.ts';
import {
  diskCheck,
  encoderCheck,
  storageCheck,
  untilStorageAnswers,
} from '../../../worker/src/health/checks.ts';
import { Health, type HealthCheck } from '../../../worker/src/health/health.ts';
import { realMediaTools } from '../../helpers/media/clips.ts';
import { recordingLogger } from '../../helpers/worker/queue.ts';
import { startStore } from '../../helpers/worker/store.ts';

const { log } = recordingLogger();
const x264 = { name: 'x264', preset: 'ultrafast' } as const;

let workDir: string;
beforeAll(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'health-'));
});
afterAll(() => rm(workDir, { recursive: true, force: true }));

describe('Health', () => {
  it('finds a worker well whose encoder, disk and storage work, and leaves nothing behind', async () => {
    await using output = await startStore();
    const health = new Health(
      [
        encoderCheck(x264, realMediaTools()),
        diskCheck(workDir, 100_000),
        storageCheck(output.store, 'films/'),
      ],
      log,
    );
    expect(await health.examine()).toBeUndefined();
    expect(await readdir(workDir)).toEqual([]);
    expect(await output.keys()).toEqual([]);
  });

  it('names what is broken, and reports it once to who waits for it', async () => {
    const broken: HealthCheck = { of: 'disk', run: () => Promise.reject(new Error('EIO: i/o error, write')) };
    const health = new Health([broken], log);
    expect(await health.examine()).toEqual({ of: 'disk', reason: 'EIO: i/o error, write' });
    expect(await health.sick).toEqual({ of: 'disk', reason: 'EIO: i/o error, write' });
  });

  it('runs its checks once for jobs that fail at the same moment', async () => {
    let runs = 0;
    const health = new Health([{ of: 'disk', run: async () => void runs++ }], log);
    await Promise.all([health.examine(), health.examine()]);
    expect(runs).toBe(1);
    await health.examine();
    expect(runs).toBe(2);
  });
});

describe('the checks', () => {
  it('say what ffmpeg says of an encoder that does not run', async () => {
    const ending = { exitCode: 1, killedBy: null, timedOut: false };
    const stderrTail =
      '[h264_nvenc @ 0x55d0] OpenEncodeSessionEx failed: out of memory (10)\nError while opening';
    const ffmpeg = () => Promise.reject(new MediaToolError('ffmpeg ended', { ...ending, stderrTail }));
    await expect(encoderCheck({ name: 'nvenc', preset: 'p5' }, { ffmpeg }).run()).rejects.toThrow(
      'nvenc does not encode a test picture: OpenEncodeSessionEx failed: out of memory (10)',
    );
  });

  it('say that a folder cannot be written to', async () => {
    await expect(diskCheck(join(workDir, 'gone')).run()).rejects.toThrow('ENOENT');
  });

  it('say that storage does not answer, and wait for it at the start', async () => {
    let asked = 0;
    const head = async () => {
      asked += 1;
      if (asked < 3) throw new Error('ECONNREFUSED');
      return undefined;
    };
    await expect(storageCheck({ head }, '').run()).rejects.toThrow('ECONNREFUSED');
    const { log: noisy, lines } = recordingLogger();
    await untilStorageAnswers(storageCheck({ head }, ''), noisy, 1);
    expect(asked).toBe(3);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'the output bucket does not answer; no jobs are taken until it does',
    ]);
  });
});
