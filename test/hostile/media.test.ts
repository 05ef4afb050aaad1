import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobState } from '../../worker/src/protocol/status.ts';
import type { FaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { allEnded, outcome, startHostileFarm } from '../helpers/local-farm/hostile-farm.ts';
import { expectClean } from '../helpers/local-farm/job-ends.ts';
import { logLines } from '../helpers/local-farm/worker-log.ts';
import { aliasTo, appendToBox, findBoxes } from '../helpers/media/boxes.ts';
import { ffmpeg, ffprobe } from '../helpers/media/clips.ts';

const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25:duration=2'];
const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=2'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

let faults: FaultFarm;
let canary: Server;
let asked = 0;

beforeAll(async () => {
  faults = await startHostileFarm({ MAX_DURATION_SECONDS: '60' });
  canary = createServer((_, response) => {
    asked += 1;
    response.end('caught');
  });
  canary.listen(0, '127.0.0.1');
  await once(canary, 'listening');
});
afterAll(async () => {
  canary.close();
  await faults[Symbol.asyncDispose]();
});

/** Makes a file with ffmpeg and returns it. */
async function made(name: string, ...args: string[]): Promise<Buffer> {
  const path = join(faults.folder, name);
  await ffmpeg(...args, path);
  return readFile(path);
}

const text = (...lines: string[]) => Buffer.from(`${lines.join('\n')}\n`);
const playlist = (uri: string) =>
  text('#EXTM3U', '#EXT-X-TARGETDURATION:2', '#EXTINF:2,', uri, '#EXT-X-ENDLIST');

/** Every hostile film by its name, and the one outcome that it has. */
async function makeAll(): Promise<Map<string, { file: Buffer; ends: string }>> {
  const { folder } = faults;
  const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/secret.ts`;
  const secret = join(folder, 'secret.ts');
  await writeFile(secret, await made('made.ts', ...picture, ...h264));
  const good = await made('good.mp4', ...picture, ...sound, ...h264, '-c:a', 'aac');
  const fast = await made('fast.mp4', ...picture, ...h264, '-movflags', '+faststart');
  const silent = await made('silent.mov', ...picture, ...h264);
  const flipped = Buffer.from(good);
  const data = findBoxes(good, 'mdat')[0] ?? 0;
  for (let at = data + 200; at < data + 8000; at += 500) flipped.writeUInt8(flipped.readUInt8(at) ^ 0x55, at);
  const tones = Array.from({ length: 70 }, () => ['-map', '0']).flat();
  const tags = ['title=<script>alert(1)</script>\'"; $(id)\n%{pts} `', 'comment=../../etc/passwd'];

  return new Map(
    Object.entries({
      // What points elsewhere.
      'playlist-file.mp4': { file: playlist(secret), ends: 'not-media' },
      'playlist-http.mp4': { file: playlist(url), ends: 'not-media' },
      'playlist-master.mov': {
        file: text('#EXTM3U', '#EXT-X-STREAM-INF:BANDWIDTH=1', url),
        ends: 'not-media',
      },
      'concat.mp4': { file: text('ffconcat version 1.0', `file '${secret}'`), ends: 'not-media' },
      'session.mp4': {
        file: text(
          'v=0',
          'o=- 0 0 IN IP4 127.0.0.1',
          's=x',
          'c=IN IP4 127.0.0.1',
          't=0 0',
          'm=video 5004 RTP/AVP 96',
        ),
        ends: 'not-media',
      },
      'dash.mp4': {
        file: text(
          '<?xml version="1.0"?>',
          '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"><Period>',
          `<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${url}</BaseURL>`,
          '</Representation></AdaptationSet></Period></MPD>',
        ),
        ends: 'not-media',
      },
      'vector.svg.mp4': {
        file: text(`<svg xmlns="http://www.w3.org/2000/svg"><image href="${url}"/></svg>`),
        ends: 'not-media',
      },
      'reference.mov': {
        file: appendToBox(silent, 'moov/trak/mdia/minf/dinf/dref', aliasTo(secret)),
        ends: 'succeeded',
      },
      // Too much.
      'huge-picture.mkv': {
        file: await made('huge.mkv', '-f', 'lavfi', '-i', 'color=black:s=16000x16000:r=1:d=1', '-c:v', 'png'),
        ends: 'bad-size',
      },
      'long.mkv': {
        file: await made('long.mkv', '-f', 'lavfi', '-i', 'color=black:s=160x120:r=1/10:d=3600', ...h264),
        ends: 'too-long',
      },
      'many-streams.mka': {
        file: await made('many.mka', ...sound, ...tones, '-c:a', 'ac3'),
        ends: 'too-many-streams',
      },
      // Lies about the length.
      'ends-early.mp4': { file: fast.subarray(0, Math.floor(fast.length * 0.6)), ends: 'short-source' },
      // Tables and tags of the streams are true, and are believed.
      'header-lies.mov': { file: longer(silent, 20), ends: 'succeeded' },
      'header-lies.mkv': {
        file: longerMatroska(await made('true.mkv', ...picture, ...h264), 20),
        ends: 'succeeded',
      },
      // Damaged.
      'flipped.mp4': { file: flipped, ends: 'succeeded' },
      'no-index.mp4': { file: good.subarray(0, Math.floor(good.length * 0.5)), ends: 'not-media' },
      'header-alone.webm': {
        file: (await made('whole.webm', ...picture, '-c:v', 'libvpx')).subarray(0, 700),
        ends: 'no-frames',
      },
      'nothing.mp4': { file: Buffer.alloc(0), ends: 'source-empty' },
      'zeros.mp4': { file: Buffer.alloc(100_000), ends: 'not-media' },
      // No films.
      'words.mp4': { file: text('Once upon a time'), ends: 'not-media' },
      'photo.mp4': { file: await made('photo.png', ...picture, '-frames:v', '1'), ends: 'not-media' },
      'moving.gif': { file: await made('moving.gif', ...picture), ends: 'not-media' },
      'subtitles.mkv': {
        file: await subtitlesAlone(),
        ends: 'no-streams',
      },
      'encrypted.mp4': {
        file: await made(
          ...['encrypted.mp4', ...picture, ...h264, '-encryption_scheme', 'cenc-aes-ctr'],
          ...['-encryption_key', '76a6c65c5ea762046bd749a2e632ccbb'],
          ...['-encryption_kid', 'a7e61c373e219033c21091fa607bf3b8'],
        ),
        ends: 'encrypted',
      },
      'dot.mkv': {
        file: await made(
          'dot.mkv',
          '-f',
          'lavfi',
          '-i',
          'color=red:s=2x2:r=25:d=1,format=rgb24,crop=1:1',
          '-c:v',
          'png',
        ),
        ends: 'bad-size',
      },
      // Films, though odd.
      'sound-alone.mp4': { file: await made('sound.m4a', ...sound, '-c:a', 'aac'), ends: 'succeeded' },
      'empty-sound.mkv': {
        file: await made('empty.mkv', ...picture, ...sound, '-af', 'aselect=0', ...h264, '-c:a', 'pcm_s16le'),
        ends: 'succeeded',
      },
      'alpha.mov': {
        file: await made('alpha.mov', ...picture, '-c:v', 'qtrle', '-pix_fmt', 'argb'),
        ends: 'succeeded',
      },
      'full-chroma.mkv': {
        file: await made(
          'chroma.mkv',
          ...picture,
          '-c:v',
          'libx264',
          '-preset',
          'ultrafast',
          '-pix_fmt',
          'yuv444p10',
        ),
        ends: 'succeeded',
      },
      'tags.mp4': {
        file: await made('tags.mp4', ...picture, ...h264, ...tags.flatMap((tag) => ['-metadata', tag])),
        ends: 'succeeded',
      },
      'good.exe': { file: good, ends: 'succeeded' },
    }),
  );
}

async function subtitlesAlone(): Promise<Buffer> {
  const path = join(faults.folder, 'words.srt');
  await writeFile(path, '1\n00:00:00,000 --> 00:00:02,000\n{\\fn/etc/passwd}words\n');
  return made('subtitles.mkv', '-i', path, '-c:s', 'srt');
}

/** Header and track say that the film lasts so many times as long. */
function longer(file: Buffer, times: number): Buffer {
  const patched = Buffer.from(file);
  const offsets: Record<string, number> = { mvhd: 24, tkhd: 28, mdhd: 24 };
  for (const [type, offset] of Object.entries(offsets)) {
    for (const at of findBoxes(file, type)) {
      patched.writeUInt32BE(file.readUInt32BE(at + offset) * times, at + offset);
    }
  }
  for (const at of findBoxes(file, 'elst'))
    patched.writeUInt32BE(file.readUInt32BE(at + 16) * times, at + 16);
  return patched;
}

/** The same in Matroska: element 0x4489 is the duration, as a double of 8 bytes (RFC 9559, 5.1.2.10). */
function longerMatroska(file: Buffer, times: number): Buffer {
  const at = file.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3;
  const patched = Buffer.from(file);
  patched.writeDoubleBE(file.readDoubleBE(at) * times, at);
  return patched;
}

it('every hostile film has its one outcome, and reaches nothing beside itself', async () => {
  const films = await makeAll();
  // What the first of them would do without our lists of formats and protocols.
  const open = join(faults.folder, 'open.m3u8');
  await writeFile(open, films.get('playlist-file.mp4')?.file ?? '');
  const { format } = await ffprobe<{ format: { format_name: string } }>('-show_format', open);
  expect(format.format_name).toBe('hls');

  for (const [name, { file }] of films) await faults.farm.put(`inbox/${name}`, file);
  const workers = [faults.startWorker(), faults.startWorker()];
  const ended = await allEnded(faults, films.size, 150);
  const ends = (find: (name: string) => string) =>
    Object.fromEntries([...films.keys()].map((name) => [name, find(name)]));
  expect(ends((name) => outcome(ended.get(`inbox/${name}`)))).toEqual(
    ends((name) => films.get(name)?.ends ?? ''),
  );
  expect(asked).toBe(0);
  for (const name of ['mov', 'mkv'])
    expect(ended.get(`inbox/header-lies.${name}`)?.film?.durationSeconds, name).toBeCloseTo(2, 1);
  await expectClean(faults);
  await expectPlainOutput(ended);
  for (const worker of workers) {
    expect(logLines(worker.log).filter(({ level }) => Number(level) >= 60)).toEqual([]);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
  }
}, 170_000);

/** Nothing that the source's tags say gets into a playlist, or into the published media. */
async function expectPlainOutput(ended: Map<string, JobState>): Promise<void> {
  const film = ended.get('inbox/tags.mp4')?.film;
  const folder = film?.playlist?.replace(/[^/]+$/, '') ?? '';
  const keys = (await faults.farm.keys(folder)).filter((key) => !key.endsWith('status.json'));
  expect(keys.length).toBeGreaterThan(5);
  for (const key of keys) expect(await faults.farm.read(key), key).not.toMatch(/script|passwd/);
}
