import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { segmentArguments } from '../../../worker/src/encode/segment-arguments.ts';
import type { PlanFolder } from '../../../worker/src/protocol/job-folder.ts';
import type { FilmRendition } from '../../../worker/src/protocol/status.ts';
import type { FilmFile } from '../../../worker/src/publish/film-files.ts';

const run = promisify(execFile);

export const bucket = 'films';
const segmentSeconds = 6;

/** A rendition on the disk. */
export interface CutRendition {
  name: string;
  kind: 'video' | 'audio';
  /** Its folder. */
  path: string;
  segments: string[];
  filmSeconds: number;
  /** Of video. */
  frameRate?: number;
}

/** The film as segments of 6 s, without encoding it. */
export async function cutFilm(film: string, workDir: string): Promise<CutRendition[]> {
  const video = await cutRendition('360p', 'video', film, workDir);
  return (await hasAudio(film)) ? [video, await cutRendition('audio-0', 'audio', film, workDir)] : [video];
}

async function hasAudio(film: string): Promise<boolean> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'a', '-show_streams', film]);
  return stdout !== '';
}

async function cutRendition(
  name: string,
  kind: 'video' | 'audio',
  film: string,
  workDir: string,
): Promise<CutRendition> {
  const path = join(workDir, name);
  await mkdir(path);
  const filmSeconds = await durationOf(film);
  const count = Math.ceil(filmSeconds / segmentSeconds);
  const cuts = Array.from({ length: count - 1 }, (_, n) => (n + 1) * segmentSeconds);
  const cut = segmentArguments(
    { segmentFormat: 'fmp4' },
    { name, pipe: 1, firstSegment: 0, cuts, offsetSeconds: 0, deltaSeconds: 0.01 },
  );
  const map = ['-map', `0:${kind === 'video' ? 'v' : 'a'}:0`, '-c', 'copy'];
  await run('ffmpeg', ['-v', 'error', '-i', film, ...map, ...cut], { cwd: workDir, maxBuffer: 2 ** 24 });
  const segments = (await readdir(path)).filter((file) => file.endsWith('.m4s')).sort();
  return {
    name,
    kind,
    path,
    segments,
    filmSeconds,
    ...(kind === 'video' && { frameRate: await frameRateOf(film) }),
  };
}

/** @param speed of the film's own; undefined: as quickly as storage takes it */
export async function publish(
  stream: readonly CutRendition[],
  folder: PlanFolder,
  s3: S3Client,
  speed = Number.POSITIVE_INFINITY,
): Promise<void> {
  const startedAt = performance.now();
  const put = async ({ name, path }: CutRendition, file: string) =>
    s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: folder.file(`${name}/${file}`),
        Body: createReadStream(join(path, file)),
        ContentLength: (await stat(join(path, file))).size,
      }),
    );
  for (const rendition of stream) await put(rendition, 'init.mp4');
  const count = Math.max(...stream.map(({ segments }) => segments.length));
  for (let n = 0; n < count; n++) {
    for (const rendition of stream) {
      const file = rendition.segments[n];
      if (file !== undefined) await put(rendition, file);
    }
    const dueMs = startedAt + (((n + 1) * segmentSeconds) / speed) * 1000;
    await sleep(Math.max(0, dueMs - performance.now()));
  }
}

/** Writes the playlists. @returns what the file is made of */
export async function commit(
  stream: readonly CutRendition[],
  folder: PlanFolder,
  s3: S3Client,
): Promise<FilmFile> {
  const renditions = await Promise.all(
    stream.map(async ({ name, kind, segments, filmSeconds, frameRate }): Promise<FilmRendition> => {
      const entries = segments.flatMap((segment) => [`#EXTINF:${filmSeconds / segments.length},`, segment]);
      const playlist = folder.file(`${name}/index.m3u8`);
      const Body = ['#EXTM3U', '#EXT-X-MAP:URI="init.mp4"', ...entries, ''].join('\n');
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: playlist, Body }));
      const sizes = { bandwidth: 0, averageBandwidth: 0, bytes: 0, segments: segments.length };
      return { name, kind, playlist, codecs: '', ...(frameRate && { frameRate }), ...sizes };
    }),
  );
  const [video, ...audio] = renditions;
  return { name: '360p.mp4', format: 'mp4', ...(video && { video }), audio, text: [] };
}

async function frameRateOf(film: string): Promise<number> {
  const show = [
    '-v',
    'error',
    '-select_streams',
    'v:0',
    '-show_entries',
    'stream=r_frame_rate',
    '-of',
    'csv=p=0',
  ];
  const { stdout } = await run('ffprobe', [...show, film]);
  const [frames = 0, seconds = 1] = stdout.split('/').map(Number);
  return frames / seconds;
}

async function durationOf(film: string): Promise<number> {
  const show = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', [...show, film]);
  return Number(stdout);
}
