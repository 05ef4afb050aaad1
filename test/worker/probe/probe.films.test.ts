import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaToolError, openMediaTools } from '../../../worker/src/ffmpeg/media-tool.ts';
import { probe } from '../../../worker/src/probe/probe.ts';
import { type FileServer, serveFiles } from '../../helpers/media/file-server.ts';

const limits = { durationSeconds: 60, pixels: 1_000_000, streams: 8, probeSeconds: 20 };
const tools = openMediaTools({
  ffmpegPath: 'ffmpeg',
  ffprobePath: 'ffprobe',
  maxPixels: limits.pixels,
  maxStreams: limits.streams,
});
const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=2'];
const sound = ['-f', 'lavfi', '-i', 'sine=d=2'];
const av1 = ['-c:v', 'libaom-av1', '-cpu-used', '8'];
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

  it.each<[film: string, runs: number, indexed: boolean, codec: string[]]>([
    ['an index', 3, true, x264],
    ['B frames and an index', 3, true, [...x264, '-bf', '3', '-g', '10']],
    ['an index that leads to no keyframe', 5, false, [...x264, '-x264-params', 'intra-refresh=1:keyint=10']],
    ['keyframes alone', 3, true, ['-c:v', 'mjpeg']],
    ['HEVC', 3, true, ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none']],
  ])('starts ffprobe a few times for a film with %s', async (_, count, indexed, codec) => {
    const path = join(folder, make('looks.mp4', ...picture, ...sound, ...codec, '-c:a', 'aac'));
    let runs = 0;
    const counting: typeof tools = {
      ...tools,
      ffprobe: (call) => {
        runs += 1;
        return tools.ffprobe(call);
      },
    };
    const media = await probe(counting, server.url(path), statSync(path).size, limits);
    expect(runs).toBe(count);
    expect(media.indexed).toBe(indexed);
  });

  it('leaves out a track that is announced and holds no sound', async () => {
    const tracks = ['-map', '0', '-map', '1', '-map', '1', '-filter:a:1', 'aselect=0'];
    const name = make('empty.mkv', ...picture, ...sound, ...tracks, ...x264, '-c:a', 'pcm_s16le');
    const media = await probeFile(name);
    expect(media.audio.map(({ index }) => index)).toEqual([1]);
    expect(media.leftOut).toEqual(['audio stream 2 (pcm_s16le) holds no sound']);
  });

  it('leaves out a track of which the edit list hides everything', async () => {
    // The first packet of AAC is the encoder's delay alone.
    make('delay.mp4', '-i', join(folder, 'film.mp4'), '-c', 'copy', '-bsf:a', "noise=drop='gt(n,0)'");
    const media = await probeFile('delay.mp4');
    expect(media.audio).toEqual([]);
    expect(media.leftOut).toEqual(['audio stream 1 (aac) holds no sound']);
  });

  it('reads a recording without length through to know it', async () => {
    make('recording.webm', ...picture, '-c:v', 'libvpx', '-f', 'webm', '-live', '1');
    expect(await probeFile('recording.webm')).toMatchObject({ durationSeconds: 2, indexed: false });
  });

  it('takes a film in whose index ffprobe cannot seek for one without an index', async () => {
    // Matroska with times before zero, which its clusters cannot hold.
    const early = ['-output_ts_offset', '-0.3', '-avoid_negative_ts', 'disabled'];
    make('early.mkv', ...picture, ...sound, ...x264, '-bf', '2', '-c:a', 'aac', ...early);
    expect(await probeFile('early.mkv')).toMatchObject({ indexed: false, video: { codec: 'h264' } });
  });

  it('reads how long a recording in FLV is whose clock starts at an hour', async () => {
    const hour = ['-output_ts_offset', '3600', '-flvflags', 'no_duration_filesize', '-f', 'flv'];
    make('hour.flv', ...picture, ...sound, ...x264, '-c:a', 'aac', ...hour);
    const media = await probeFile('hour.flv');
    expect(media.startSeconds).toBeCloseTo(3600, 0);
    expect(media.durationSeconds).toBeCloseTo(2, 0);
  });

  it('reads how long a fragmented MP4 is whose clock starts at an hour', async () => {
    const fragments = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'];
    const clock = ['-video_track_timescale', String(ticksPerSecond)];
    make('zero.mp4', ...picture, ...sound, ...x264, '-c:a', 'aac', ...clock, ...fragments);
    write('hour.mp4', shiftFragments(readFileSync(join(folder, 'zero.mp4')), 3600));
    const media = await probeFile('hour.mp4');
    expect(media.startSeconds).toBeCloseTo(3600, 0);
    expect(media.durationSeconds).toBeCloseTo(2, 0);
    expect(media.indexed).toBe(true);
  });

  it('keeps the length of audio in MP4 that starts late', async () => {
    make('late.mp4', ...picture, '-itsoffset', '1.5', ...sound, ...x264, '-c:a', 'aac');
    const { audio } = await probeFile('late.mp4');
    expect(audio[0]?.startSeconds).toBeCloseTo(1.5, 1);
    expect(audio[0]?.durationSeconds).toBeCloseTo(2, 1);
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
      /^The file is not a film or sound that ffmpeg can read: another kind of file, or damaged at its start\./,
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
      // From 7.1 on, ffmpeg takes a playlist for one by its name only.
      /^The file is (a playlist or a script that points to other files\. Upload the film itself\.$|not a whole film)/,
    ],
    [
      'a concat script named .mp4',
      () => write('concat.mp4', 'ffconcat version 1.0\nfile film.mp4\n'),
      'not-media',
      /^The file is a playlist or a script/,
    ],
    [
      'a picture',
      () => make('picture.png', '-f', 'lavfi', '-i', 'testsrc2=s=160x90:d=1', '-frames:v', '1'),
      'not-media',
      /^The file is a picture, not a film\. Upload the film itself\.$/,
    ],
    [
      'subtitles',
      () => write('film.srt', '1\n00:00:00,000 --> 00:00:02,000\nhi\n'),
      'not-media',
      /^The file is subtitles \(SubRip, \.srt\), not a film\. Upload the film itself\.$/,
    ],
    [
      'uncompressed video',
      () => make('film.y4m', '-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=5:d=1'),
      'not-media',
      /^The file is uncompressed video \(YUV4MPEG\)\. Encode it first, .*ffmpeg -i FILE -c:v libx264/,
    ],
    [
      'Motion JPEG',
      () => make('film.mjpeg', '-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=5:d=1', '-f', 'mjpeg'),
      'not-media',
      /^The file is .*Motion JPEG without a container\. .*ffmpeg -f mjpeg -i FILE -c copy film\.mkv$/,
    ],
    [
      'WavPack',
      () => make('sound.wv', ...sound),
      'not-media',
      /^The file is WavPack sound\. Encode it first, .*ffmpeg -i FILE -c:a flac sound\.flac$/,
    ],
    [
      'DTS',
      () => make('sound.dts', ...sound, '-ar', '48000', '-ac', '2', '-c:a', 'dca', '-strict', '-2'),
      'not-media',
      /^The file is DTS sound without a container\. Put it into a container first, .*-c copy film\.mkv$/,
    ],
    [
      'AV1 without a container',
      () => make('film.obu', '-f', 'lavfi', '-i', 'testsrc2=s=64x36:r=5:d=1', ...av1, '-f', 'obu'),
      'not-media',
      /^The file is AV1 video without a container \(OBU\)\. Put it into a container first/,
    ],
    [
      'a sound format of which nobody thought',
      () => make('sound.sox', ...sound, '-f', 'sox'),
      'not-media',
      /^The file is of a format that the farm does not take \(sox\)\. Convert it to MP4 or Matroska first/,
    ],
    [
      'a download whose bytes never came',
      () => {
        make('whole.mp4', ...picture, ...x264, '-movflags', '+faststart');
        const bytes = readFileSync(join(folder, 'whole.mp4'));
        return write('zeros.mp4', bytes.fill(0, bytes.indexOf('mdat') + 4));
      },
      'damaged',
      /^The film's header is whole, but none of its picture \(h264\) can be decoded: .*upload it again\.$/,
    ],
    [
      'too many streams',
      () => make('streams.mkv', ...sound, ...Array(9).fill(['-map', '0']).flat(), '-c:a', 'pcm_s16le'),
      'too-many-streams',
      /^The film has (more than 8|9) streams; 8 are allowed \(MAX_STREAMS\)\. Leave some out/,
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
      /^The picture's size cannot be read: it is broken, or over the 1000000 pixels that are allowed/,
    ],
    [
      'bare video, which has no times',
      () => make('bare.h264', '-i', join(folder, 'film.mp4'), '-map', '0:v', '-c', 'copy'),
      'no-duration',
      /^The file does not say how long it is\./,
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

  it('stops when it is asked to', async () => {
    const reason = new Error('stop');
    await expect(probeFile('film.mp4', {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

/** Of both tracks: the audio's is its sample rate. */
const ticksPerSecond = 44_100;

/** Makes every fragment (`tfdt`, version 1) begin later. */
function shiftFragments(film: Buffer, seconds: number): Buffer {
  for (let at = film.indexOf('tfdt'); at >= 0; at = film.indexOf('tfdt', at + 4)) {
    const begin = film.readBigUInt64BE(at + 8);
    film.writeBigUInt64BE(begin + BigInt(seconds * ticksPerSecond), at + 8);
  }
  return film;
}

/** The same bytes every time, and no media. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state & 255;
  });
}
