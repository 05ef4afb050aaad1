import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../../worker/src/source/open.ts';
import { followUrl } from '../../../worker/src/source/server.ts';
import { type SourceFarm, startSourceFarm } from '../../helpers/worker/source.ts';

const run = promisify(execFile);
const seconds = 6;

let farm: SourceFarm;
let folder: string;

beforeAll(async () => {
  farm = await startSourceFarm();
  folder = await mkdtemp(join(tmpdir(), 'ffmpeg-'));
});

afterEach(() => farm.proxy.heal());

afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A film of 6 s, its index at the end unless `options` say otherwise. */
async function film(name: string, options: string[] = []) {
  const path = join(folder, name);
  const input = [
    '-f',
    'lavfi',
    '-i',
    `testsrc2=s=640x360:d=${seconds}`,
    '-f',
    'lavfi',
    '-i',
    `sine=d=${seconds}`,
  ];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '8', '-c:a', 'aac'];
  await run('ffmpeg', ['-v', 'error', ...input, ...codecs, ...options, path]);
  await farm.direct.putFile(name, path, { contentType: 'video/mp4', cacheControl: 'no-cache' });
  const source = openSource(name, { bucket: 'films', storeFor: () => farm.store, allowHttp: false });
  return { path, source, info: await source.describe() };
}

/** MD5 of every decoded frame of picture and sound. */
async function frames(input: string, before: string[] = []): Promise<{ text: string; errors: string }> {
  const { stdout, stderr } = await run(
    'ffmpeg',
    ['-v', 'error', ...before, '-i', input, '-f', 'framemd5', '-'],
    {
      maxBuffer: 2 ** 24,
    },
  );
  return { text: stdout, errors: stderr };
}

/** Makes the film large: loopback's own buffers take a few megabytes of any request. */
const noise = ['-vf', 'noise=alls=40:allf=t', '-crf', '18'];

const blockBytes = 256 * 1024;
const small = { blockBytes, memoryBytes: 8 * blockBytes };

describe('ffmpeg behind the source server', () => {
  it.each([
    ['film.mp4', []],
    ['faststart.mp4', ['-movflags', '+faststart']],
    ['fragmented.mp4', ['-movflags', '+frag_keyframe+empty_moov']],
    ['film.mkv', []],
    ['film.ts', []],
  ])('decodes %s as from a local file', async (name, options) => {
    const { path, source, info } = await film(name, options);
    await using server = await farm.serve(source, info, small);
    const served = await frames(server.url);
    expect(served.errors).toBe('');
    expect(served.text).toBe((await frames(path)).text);
    expect(server.failure).toBeUndefined();
    expect(server.fetchedBytes).toBeLessThanOrEqual(2 * info.sizeBytes);
  });

  it('decodes from the middle without fetching what lies before', async () => {
    const { path, source, info } = await film('middle.mp4', [
      '-movflags',
      '+faststart',
      '-g',
      '25',
      ...noise,
    ]);
    await using server = await farm.serve(source, info, small);
    const served = await frames(server.url, ['-ss', '5']);
    expect(served.text).toBe((await frames(path, ['-ss', '5'])).text);
    expect(server.fetchedBytes / info.sizeBytes).toBeLessThan(0.6);
  });

  it('fetches a film once for two ffmpegs, of which one follows the other', async () => {
    const { source, info } = await film('two.mp4', noise);
    await using server = await farm.serve(source, info);
    // An encoder takes its time; it is not held back for the one that follows.
    const [picture, sound] = await Promise.all([
      run('ffmpeg', [
        '-readrate',
        '3',
        '-v',
        'error',
        '-i',
        server.url,
        '-map',
        '0:v',
        '-c',
        'copy',
        '-f',
        'null',
        '-',
      ]),
      run('ffmpeg', [
        '-v',
        'error',
        '-i',
        followUrl(server.url),
        '-map',
        '0:a',
        '-c',
        'copy',
        '-f',
        'null',
        '-',
      ]),
    ]);
    expect(picture.stderr + sound.stderr).toBe('');
    expect(info.sizeBytes).toBeGreaterThan(16 * 2 ** 20);
    expect(server.fetchedBytes / info.sizeBytes).toBeLessThan(1.5);
  });

  it('decodes every frame although connections keep breaking', async () => {
    const { path, source, info } = await film('broken.mp4');
    await using server = await farm.serve(source, info, small);
    farm.proxy.inject({ kind: 'reset', afterBytes: 100_000 }, { share: 0.6 });
    const served = await frames(server.url);
    expect(farm.proxy.spoilt).toBeGreaterThan(5);
    expect(served.text).toBe((await frames(path)).text);
  });

  it('knows that bytes are missing when ffmpeg takes the film to be over', async () => {
    const { source, info } = await film('lost.mp4', ['-movflags', '+faststart']);
    await using server = await farm.serve(source, info, { ...small, readAheadBlocks: 1 });
    // All that is asked for beyond the first half is refused.
    const beyond = (range = '') => Number(/\d+/.exec(range)?.[0]) > info.sizeBytes / 2;
    farm.proxy.inject({ kind: 'status', status: 403 }, { match: ({ headers }) => beyond(headers.range) });
    await frames(server.url).catch(() => undefined);
    expect(server.failure).toMatchObject({ name: 'StorageError', key: 'lost.mp4', status: 403 });
    expect(server.servedBytes).toBeLessThan(info.sizeBytes);
  });
});
