import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { startBrowser } from '../helpers/browser/browser.ts';
import { tone, x264 } from '../helpers/local-farm/use-farm.ts';
import { ffmpeg, ffprobe } from '../helpers/media/clips.ts';
import { type KeyServer, startKeyServer } from '../helpers/media/key-server.ts';
import { pattern, patternCorners } from '../helpers/media/pattern.ts';
import { type Published, startTranscoding, type Transcoding } from '../helpers/media/transcoding.ts';
import { openPage } from './player-page.ts';

const frameRate = 25;
const frames = 160;

let transcoding: Transcoding;
let keys: KeyServer;
let clip: string;

beforeAll(async () => {
  transcoding = await startTranscoding();
  keys = await startKeyServer();
  clip = join(transcoding.folder, 'film.mp4');
  const words = join(transcoding.folder, 'words.srt');
  await writeFile(words, '1\n00:00:01,000 --> 00:00:03,000\nHello\n');
  await ffmpeg(
    ...pattern({ width: 320, height: 180, seconds: frames / frameRate }),
    ...tone(frames / frameRate),
    ...['-i', words, ...x264, '-c:a', 'aac', '-ac', '6', '-c:s', 'mov_text', clip],
  );
});
afterAll(async () => {
  await keys[Symbol.asyncDispose]();
  await transcoding[Symbol.asyncDispose]();
});

const encrypted = (): Partial<WorkerEnvironment> => ({
  ENCRYPTION: 'aes-128',
  ENCRYPTION_KEY_URL: keys.keyUrl,
  ENCRYPTION_SECRET: keys.secret,
  LADDER: '[{"rung":"360p"}]',
});

/** The film that is made first; asked for again it is only read. */
const madeBefore = () => ({
  id: 'film-fmp4',
  environment: { SEGMENT_FORMAT: 'fmp4' as const, ...encrypted() },
});

const isSegment = (file: string) => /\/\d{5}\.(m4s|ts)$/.test(file);
const nameOf = (file: string) => file.split('/').slice(1).join('/');

/** All segments of a film by their names below its plan, decrypted by Node's AES where there is a key. */
async function readSegments({ folder, files }: Published, key?: Buffer): Promise<Map<string, Buffer>> {
  const read = files.filter(isSegment).map(async (file): Promise<[string, Buffer]> => {
    const data = await readFile(join(folder, file));
    if (key === undefined) return [nameOf(file), data];
    const number = Number.parseInt(basename(file), 10);
    const iv = Buffer.from(number.toString(16).padStart(32, '0'), 'hex');
    const decipher = createDecipheriv('aes-128-cbc', key, iv);
    return [nameOf(file), Buffer.concat([decipher.update(data), decipher.final()])];
  });
  return new Map(await Promise.all(read));
}

describe.each(['fmp4', 'mpegts'] as const)('an encrypted film (%s)', (format) => {
  let clear: Published;
  let film: Published;
  beforeAll(async () => {
    const environment = { SEGMENT_FORMAT: format, LADDER: '[{"rung":"360p"}]' };
    clear = await transcoding.transcode(clip, { id: `clear-${format}`, environment });
    film = await transcoding.transcode(clip, {
      id: `film-${format}`,
      environment: { ...environment, ...encrypted() },
    });
  });

  it('has the segments of the film in clear, byte by byte, when they are decrypted', async () => {
    const wanted = await readSegments(clear);
    const found = await readSegments(film, keys.keyOf(`film-${format}`, film.film.plan));
    expect([...found.keys()]).toEqual([...wanted.keys()]);
    expect(found.size).toBe(9);
    for (const [name, data] of wanted) expect(found.get(name)?.equals(data), name).toBe(true);
  });

  it('has everything else in clear, and neither a manifest nor key frames to look at', async () => {
    expect(film.film).toMatchObject({ encryption: 'aes-128' });
    expect(film.film.manifest).toBeUndefined();
    expect(film.files).not.toContain('manifest.mpd');
    expect(film.files.filter((file) => file.endsWith('iframes.m3u8'))).toEqual([]);
    const multivariant = await readFile(join(film.folder, 'index.m3u8'), 'utf8');
    expect(multivariant).not.toContain('I-FRAME');
    for (const file of clear.files.filter((name) => /init\.mp4$|\.vtt$|\.jpg$/.test(name))) {
      const other = join(film.folder, file.replace(clear.film.plan, film.film.plan));
      expect((await readFile(other)).equals(await readFile(join(clear.folder, file))), file).toBe(true);
    }
    const warning = expect.stringMatching(/encrypted, so it has no manifest\.mpd/);
    expect(film.warnings).toEqual(format === 'fmp4' ? [warning] : []);
  });

  it('is read by ffmpeg, each frame of it', async () => {
    for (const { playlist = '', kind } of film.film.renditions) {
      const path = join(film.folder, playlist.split('/').slice(1).join('/'));
      const count = async (of: string) => {
        const { streams } = await ffprobe<{ streams: { nb_read_frames: string }[] }>(
          ...['-protocol_whitelist', 'file,http,tcp,crypto', '-allowed_extensions', 'ALL'],
          ...['-count_frames', '-show_entries', 'stream=nb_read_frames', of],
        );
        return Number(streams[0]?.nb_read_frames);
      };
      const found = await count(path);
      const inClear = path.replace(film.folder, clear.folder).replace(film.film.plan, clear.film.plan);
      expect(found, playlist).toBe(await count(inClear));
      if (kind === 'video') expect(found).toBe(frames);
    }
  });

  it('has the key nowhere', async () => {
    const key = keys.keyOf(`film-${format}`, film.film.plan);
    const needles = [key, Buffer.from(key.toString('hex')), Buffer.from(key.toString('base64').slice(0, 20))];
    needles.push(Buffer.from(keys.secret), Buffer.from(keys.secret, 'base64'));
    for (const file of film.files) {
      const data = await readFile(join(film.folder, file));
      for (const needle of needles) expect(data.includes(needle), file).toBe(false);
    }
  });
});

it('plays in Chromium, frame by frame and from any place', async () => {
  const { folder } = await transcoding.transcode(clip, madeBefore());
  await using page = await serve(new Map([['/hls.js', hlsPath]]), folder);
  const browser = await startBrowser();
  try {
    const player = await openPage(await browser.newPage(), `${page.origin}/`, 1 / frameRate);
    for (const number of [3, 100, 57, frames - 30]) {
      const { look } = await player.frameAt((number + 0.5) / frameRate);
      expect(look, `frame ${number}`).toEqual({ number, corners: patternCorners });
    }
    expect(await player.troubles()).toEqual([]);
    expect(keys.asked.some((path) => path.startsWith('/keys/film-fmp4/'))).toBe(true);
  } finally {
    await browser.close();
  }
});

const hlsPath = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');

const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><video muted></video>
<script src="/hls.js"></script><script>
const video = document.querySelector('video');
const hls = new Hls({ enableWorker: false });
hls.loadSource('/job/index.m3u8');
hls.attachMedia(video);
window.player = { video, hls };
</script>`;

/** The page, scripts, and the job's folder under `/job/`. */
async function serve(scripts: ReadonlyMap<string, string>, folder: string) {
  const types: Record<string, string> = { js: 'text/javascript', m3u8: 'application/vnd.apple.mpegurl' };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === '/') return void response.setHeader('Content-Type', 'text/html').end(html);
    const file = scripts.get(path) ?? join(folder, path.slice('/job/'.length));
    response.setHeader('Content-Type', types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it('gets subtitles later, which change nothing else', async () => {
  const before = await transcoding.transcode(clip, madeBefore());
  const source = 'words/film.de.srt';
  const srt = '1\n00:00:01,000 --> 00:00:03,000\nHallo\n';
  await transcoding.stores.source.put(source, srt, { contentType: 'text/plain', cacheControl: 'no-cache' });
  const after = await transcoding.transcode(clip, {
    ...madeBefore(),
    job: { addToFilm: true, subtitles: [{ source }] },
  });
  expect(after.film.subtitles?.map(({ language }) => language)).toContain('de');
  expect(after.film).toMatchObject({ plan: before.film.plan, encryption: 'aes-128' });
  const text = after.film.subtitles?.find(({ language }) => language === 'de')?.file ?? '';
  expect(await readFile(join(after.folder, text.slice('film-fmp4/'.length)), 'utf8')).toContain('Hallo');
  const key = keys.keyOf('film-fmp4', before.film.plan);
  expect((await readSegments(after, key)).size).toBe(9);
});

describe('what lies in clear beside a film', () => {
  const codeOf = (job: Parameters<Transcoding['transcode']>[1]) =>
    transcoding.transcode(clip, job).then(
      () => 'published',
      (error: { code?: string }) => error.code,
    );

  it('is refused where the film is encrypted, also later', async () => {
    const environment = encrypted();
    expect(await codeOf({ environment, job: { outputs: ['hls', 'mp4'] } })).toBe('clear-files');
    expect(await codeOf({ environment, job: { outputs: ['gif'] } })).toBe('clear-files');
    expect(await codeOf({ ...madeBefore(), job: { addToFilm: true, outputs: ['m4a'] } })).toBe('clear-files');
  });

  it('is made where the job wants its film in clear', async () => {
    const { film, files } = await transcoding.transcode(clip, {
      environment: encrypted(),
      job: { encryption: 'none', outputs: ['hls', 'm4a'] },
    });
    expect(film.encryption).toBeUndefined();
    expect(film.files?.map(({ name }) => name)).toEqual(['audio-0.m4a']);
    expect(files).toContain('manifest.mpd');
  });
});

it('a film is made again with a new secret, and left as it is with the same', async () => {
  const made = async (secret: string) => {
    const { id, environment } = madeBefore();
    const changed = { ...environment, ENCRYPTION_SECRET: secret };
    return (await transcoding.transcode(clip, { id, environment: changed })).film.plan;
  };
  const plan = await made(keys.secret);
  expect(await made(keys.secret)).toBe(plan);
  expect(await made(Buffer.alloc(32, 1).toString('base64'))).not.toBe(plan);
});
