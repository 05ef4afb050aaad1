import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaToolError, openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';
import { probe } from '../../../worker/src/probe/probe.ts';
import { type FileServer, serveFiles } from '../../helpers/file-server.ts';

const limits = { durationSeconds: 60, pixels: 1_000_000, streams: 8, probeSeconds: 20 };
const tools = openMediaTools({
  ffmpegPath: 'ffmpeg',
  ffprobePath: 'ffprobe',
  maxPixels: limits.pixels,
  maxStreams: limits.streams,
});
const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=2'];
const sound = ['-f', 'lavfi', '-i', 'sine=d=2'];
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];

let folder: string;
let server: FileServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'probe-'));
  server = await serveFiles();
  make('film.mp4', ...picture, ...sound, ...x264, '-c:a', 'aac');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function make(name: string, ...args: string[]): string {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, join(folder, name)]);
  return name;
}

function write(name: string, bytes: string | Uint8Array): string {
  writeFileSync(join(folder, name), bytes);
  return name;
}

function probeFile(name: string, changes: Partial<typeof limits> = {}, signal?: AbortSignal) {
  const path = join(folder, name);
  return probe(tools, server.url(path), statSync(path).size, { ...limits, ...changes }, signal);
}

describe('probe', () => {
  it('finds out what a film is', async () => {
    expect(await probeFile('film.mp4')).toMatchObject({
      indexed: true,
      durationSeconds: 2,
      sizeBytes: statSync(join(folder, 'film.mp4')).size,
      video: { codec: 'h264', width: 160, height: 90, variableFrameRate: false },
      audio: [{ codec: 'aac', channels: 1, sampleRate: 44100 }],
    });
  });

  it('leaves out a track that is announced and holds no sound', async () => {
    const tracks = ['-map', '0', '-map', '1', '-map', '1', '-filter:a:1', 'aselect=0'];
    const name = make('empty.mkv', ...picture, ...sound, ...tracks, ...x264, '-c:a', 'pcm_s16le');
    const media = await probeFile(name);
    expect(media.audio.map(({ index }) => index)).toEqual([1]);
    expect(media.leftOut).toEqual(['audio stream 2 (pcm_s16le) holds no sound']);
  });

  it('reads a recording without length through to know it', async () => {
    make('recording.webm', ...picture, '-c:v', 'libvpx', '-f', 'webm', '-live', '1');
    expect(await probeFile('recording.webm')).toMatchObject({ durationSeconds: 2, indexed: false });
  });

  it('counts bare sound instead of guessing its length from the bitrate', async () => {
    // Silence first: a guess from the first packets would be far too long.
    const quiet = 'aevalsrc=if(lt(t\\,2)\\,0\\,random(0)):d=6';
    make('bare.mp3', '-f', 'lavfi', '-i', quiet, '-q:a', '2', '-write_xing', '0', '-id3v2_version', '0');
    const media = await probeFile('bare.mp3');
    expect(media.durationSeconds).toBeGreaterThan(5.9);
    expect(media.durationSeconds).toBeLessThan(6.2);
  });

  const refused: [what: string, file: () => string, code: string, message: RegExp][] = [
    ['an empty file', () => write('empty.mp4', ''), 'not-media', /^The file is empty\.$/],
    ['text', () => write('text.mp4', 'hello'), 'not-media', /^The file is not a whole film: its index/],
    [
      'noise',
      () => write('noise.bin', noise(50_000)),
      'not-media',
      /^The file is not media that ffmpeg can read\.$/,
    ],
    [
      'a film cut before its index',
      () => write('cut.mp4', readFileSync(join(folder, 'film.mp4')).subarray(0, 20_000)),
      'not-media',
      /its index \(the moov atom\) is missing\. It was cut short/,
    ],
    [
      'a playlist named .mp4',
      () => write('playlist.mp4', `#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n${folder}/film.mp4\n`),
      'not-media',
      /^The file is of a kind that is not accepted: a playlist, a script or a picture/,
    ],
    [
      'a concat script named .mp4',
      () => write('concat.mp4', 'ffconcat version 1.0\nfile film.mp4\n'),
      'not-media',
      /^The file is of a kind that is not accepted/,
    ],
    [
      'a picture',
      () => make('picture.png', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=1', '-frames:v', '1'),
      'not-media',
      /^The file is of a kind that is not accepted/,
    ],
    [
      'too many streams',
      () => make('streams.mkv', ...sound, ...Array(9).fill(['-map', '0']).flat(), '-c:a', 'pcm_s16le'),
      'too-many-streams',
      /^The film has more than 8 streams; 8 are allowed \(MAX_STREAMS\)\.$/,
    ],
    [
      'a huge film',
      () => make('huge.mp4', '-f', 'lavfi', '-i', 'color=s=2000x1000:d=0.1', ...x264),
      'too-many-pixels',
      /^The picture has more than 1000000 pixels/,
    ],
    [
      'a huge still, which is small in the file',
      () => make('huge.mkv', '-f', 'lavfi', '-i', 'color=s=4000x4000:d=1', '-frames:v', '1', '-c:v', 'png'),
      'bad-size',
      /^The picture's size can not be read: it is broken, or over the 1000000 pixels that are allowed/,
    ],
    [
      'bare video, which has no times',
      () => make('bare.h264', '-i', join(folder, 'film.mp4'), '-map', '0:v', '-c', 'copy'),
      'no-duration',
      /^The file does not tell how long it is\./,
    ],
  ];

  it.each(refused)('refuses %s', async (_, file, code, message) => {
    await expect(probeFile(file())).rejects.toMatchObject({
      name: 'RefusedError',
      code,
      message: expect.stringMatching(message),
    });
  });

  it('refuses a film over the limits with both values', async () => {
    await expect(probeFile('film.mp4', { durationSeconds: 1 })).rejects.toMatchObject({
      code: 'too-long',
      message:
        'The film lasts 0:00:02; 0:00:01 is allowed (setting maxDurationSeconds, MAX_DURATION_SECONDS).',
    });
    await expect(probeFile('film.mp4', { streams: 1 })).rejects.toMatchObject({ code: 'too-many-streams' });
  });

  it('takes a server that is gone for trouble, not for a bad film', async () => {
    const nobody = 'http://127.0.0.1:9/film.mp4';
    await expect(probe(tools, nobody, 1, limits)).rejects.toBeInstanceOf(MediaToolError);
  });

  it('takes too long a probe for trouble', async () => {
    await expect(probeFile('film.mp4', { probeSeconds: 0.001 })).rejects.toMatchObject({ timedOut: true });
  });

  it('stops when it is told to', async () => {
    const reason = new Error('stop');
    await expect(probeFile('film.mp4', {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

/** The same bytes every time, and no media. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state & 255;
  });
}
