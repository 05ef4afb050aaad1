import { execFile } from 'node:child_process';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RawFilm } from './films.ts';
import type { Encode } from './measure.ts';

const run = promisify(execFile);

/** A detail at its own size, so that every pixel of the encode is one of the picture. */
const detail = 'crop=400:300';

/** The film's own frame and that of each encode, beside each other. */
export async function writePicture(film: RawFilm, encodes: readonly Encode[], path: string): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-picture-'));
  const encodeOne = async (encode: Encode, n: number) => {
    const file = join(folder.path, `${n}.mp4`);
    await run('ffmpeg', ['-v', 'error', '-nostdin', '-i', film.path, ...(encode.passes[0] ?? []), file]);
    return file;
  };
  const files = [film.path, ...(await Promise.all(encodes.map(encodeOne)))];
  const frame = Math.floor(film.framesPerSecond * film.seconds * 0.6);
  const each = files.map((_, n) => `[${n}:v]select=eq(n\\,${frame}),${detail},setpts=0[p${n}]`);
  const graph = `${each.join(';')};${files.map((_, n) => `[p${n}]`).join('')}hstack=inputs=${files.length}[out]`;
  const inputs = files.flatMap((file) => ['-i', file]);
  const jpeg = ['-map', '[out]', '-frames:v', '1', '-update', '1', '-pix_fmt', 'yuvj420p', '-q:v', '4'];
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...inputs, '-filter_complex', graph, ...jpeg, path]);
}
