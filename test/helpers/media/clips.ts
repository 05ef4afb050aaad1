import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type MediaTools, openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';
import { isGenerated, makeOnce } from './made-once.ts';

const exec = promisify(execFile);

/** A folder for files of one test or one file of tests. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'farm-test-'));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

/**
 * Runs ffmpeg outside of the product: to make clips, and to read what was made. Clips of generated pictures and sound are
 * made once, for all tests and versions of ffmpeg.
 * @returns standard output
 */
export async function ffmpeg(...args: string[]): Promise<Buffer> {
  const given = ['-hide_banner', '-nostdin', '-v', 'error', '-y', ...args];
  if (isGenerated(given)) {
    await makeOnce(given);
    return Buffer.alloc(0);
  }
  const { stdout } = await exec('ffmpeg', given, { encoding: 'buffer', maxBuffer: 2 ** 28 });
  return stdout;
}

/** @returns what ffprobe said, as data */
export async function ffprobe<T>(...args: string[]): Promise<T> {
  const { stdout } = await exec('ffprobe', ['-v', 'error', '-of', 'json', ...args], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as T;
}

let mediaTools: MediaTools | undefined;

/** The product's own way to ffmpeg. Opened once: it asks ffmpeg for its version. */
export function realMediaTools(): MediaTools {
  mediaTools ??= openMediaTools({
    ffmpegPath: 'ffmpeg',
    ffprobePath: 'ffprobe',
    maxPixels: 36_000_000,
    maxStreams: 64,
  });
  return mediaTools;
}
