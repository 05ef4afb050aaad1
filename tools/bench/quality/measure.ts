import { execFile } from 'node:child_process';
import { mkdir, mkdtempDisposable, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { shortHash } from '../../../worker/src/short-hash.ts';
import { Slots } from '../lib/slots.ts';
import { encodeCpuSeconds } from './encode.ts';
import type { RawFilm } from './films.ts';
import { poolVmaf, type Vmaf, vmafArguments } from './vmaf.ts';

const run = promisify(execFile);

/** One way to encode a film. */
export interface Encode {
  /** Between input and output; several runs where it takes two passes, and `PASSLOG` stands for their log. */
  passes: readonly (readonly string[])[];
  /** Smaller than the film for a rung below the largest. */
  width: number;
  height: number;
}

export interface Measurement {
  bitsPerSecond: number;
  cpuSeconds: number;
  vmaf: Vmaf;
}

export interface Measurer {
  measure(film: RawFilm, encode: Encode): Promise<Measurement>;
}

/**
 * Measures each encode once and keeps the figures, so that a run that was stopped goes on. Encodes that are asked for at once are made
 * as many at a time as there are cores: neither an encode of seconds nor its comparison keeps two cores busy.
 * @param pinned the ffmpeg with libvmaf, which measures
 * @param encoding the one that encodes
 */
export async function openMeasurer(pinned: string, cache: string, encoding = 'ffmpeg'): Promise<Measurer> {
  await mkdir(cache, { recursive: true });
  const { stdout: encoder } = await run(encoding, ['-version']);
  const slots = new Slots(availableParallelism());
  return {
    async measure(film, encode) {
      const { version, name } = film;
      const file = join(cache, `${name}-${shortHash({ version, encode, encoder })}.json`);
      const known = await readFile(file, 'utf8').catch(() => undefined);
      if (known !== undefined) return JSON.parse(known) as Measurement;
      const measured = await slots.run(() => encodeAndCompare(pinned, encoding, film, encode));
      await writeFile(`${file}.part`, JSON.stringify(measured));
      await rename(`${file}.part`, file);
      return measured;
    },
  };
}

async function encodeAndCompare(
  pinned: string,
  encoding: string,
  film: RawFilm,
  encode: Encode,
): Promise<Measurement> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-quality-'));
  const encoded = join(folder.path, 'encoded.mp4');
  const scaled = ['-vf', `scale=${encode.width}:${encode.height}:flags=bicubic,format=yuv420p`];
  let cpuSeconds = 0;
  for (const pass of encode.passes) {
    const args = pass.map((each) => each.replace('PASSLOG', join(folder.path, 'pass')));
    cpuSeconds += await encodeCpuSeconds(encoding, ['-y', '-i', film.path, ...scaled, ...args, encoded]);
  }
  const log = join(folder.path, 'vmaf.json');
  await run(pinned, vmafArguments(encoded, film, log), { maxBuffer: 2 ** 24 });
  const vmaf = poolVmaf(await readFile(log, 'utf8'));
  const { size } = await stat(encoded);
  return { bitsPerSecond: (size * 8) / film.seconds, cpuSeconds, vmaf };
}
