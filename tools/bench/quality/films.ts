import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { bundledFontFiles } from '../../../worker/src/fonts/bundled.ts';
import { shortHash } from '../../../worker/src/short-hash.ts';
import { mapLimited } from '../../../worker/src/storage/limited.ts';
import { type MadeFilm, madeFilmSize, madeFilms } from './made-films.ts';

const run = promisify(execFile);
/** One of those that come with the farm. */
const font = bundledFontFiles().find((path) => path.endsWith('Roboto_400Regular.ttf')) ?? '';

/** A film as its frames: it costs nothing to decode, so CPU time is the encoder's. */
export interface RawFilm {
  name: string;
  path: string;
  /** Of what is in it. */
  version: string;
  width: number;
  height: number;
  framesPerSecond: number;
  seconds: number;
}

/** @param ffmpeg the pinned one */
export async function rawFilms(ffmpeg: string, cache: string, folder?: string): Promise<RawFilm[]> {
  await mkdir(cache, { recursive: true });
  const cores = availableParallelism();
  if (folder === undefined) return mapLimited(madeFilms, cores, (film) => makeFilm(ffmpeg, cache, film));
  const names = (await readdir(folder)).filter((name) => /\.(mp4|mov|mkv|webm|ts|mxf)$/i.test(name)).sort();
  return mapLimited(names, cores, (name) => readFilm(ffmpeg, cache, join(folder, name)));
}

async function makeFilm(ffmpeg: string, cache: string, { name, graph }: MadeFilm): Promise<RawFilm> {
  const version = shortHash({ graph, madeFilmSize });
  const path = join(cache, `${name}-${version}.y4m`);
  const { width, height, framesPerSecond, seconds } = madeFilmSize;
  if (!(await exists(path))) {
    const filters = ['-filter_complex', graph.replaceAll('FONT', font), '-map', '[film]'];
    const frames = ['-frames:v', String(framesPerSecond * seconds), '-r', String(framesPerSecond)];
    await writeFrames(ffmpeg, [...filters, ...frames], path);
  }
  return { name, path, version, width, height, framesPerSecond, seconds };
}

/** At most so many seconds of a given film, from its start. */
const givenSeconds = 4;

async function readFilm(ffmpeg: string, cache: string, source: string): Promise<RawFilm> {
  const { size, mtimeMs } = await stat(source);
  const name = basename(source).replace(/\.[^.]+$/, '');
  const version = shortHash({ source, size, mtimeMs, givenSeconds });
  const path = join(cache, `${name}-${version}.y4m`);
  if (!(await exists(path))) {
    // As a viewer sees it: turned by ffmpeg, and with square pixels.
    const filters = ['-vf', 'scale=trunc(iw*sar/2)*2:trunc(ih/2)*2:flags=bicubic,setsar=1'];
    await writeFrames(ffmpeg, ['-i', source, '-t', String(givenSeconds), ...filters], path);
  }
  const probe = ['-v', 'error', '-count_packets', '-select_streams', 'v', '-of', 'json', '-show_entries'];
  const { stdout } = await run('ffprobe', [
    ...probe,
    'stream=width,height,r_frame_rate,nb_read_packets',
    path,
  ]);
  const [stream] = (JSON.parse(stdout) as { streams: Record<string, string | number>[] }).streams;
  const [num = 0, den = 1] = String(stream?.r_frame_rate).split('/').map(Number);
  const frames = Number(stream?.nb_read_packets);
  const framesPerSecond = num / den;
  const [width, height] = [Number(stream?.width), Number(stream?.height)];
  return { name, path, version, width, height, framesPerSecond, seconds: frames / framesPerSecond };
}

async function writeFrames(ffmpeg: string, args: readonly string[], path: string): Promise<void> {
  const frames = ['-an', '-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe', `${path}.part`];
  await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', ...args, ...frames]);
  await rename(`${path}.part`, path);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
