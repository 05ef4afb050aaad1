import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const folder = fileURLToPath(new URL('../../../node_modules/.cache/clips', import.meta.url));

const tested = 'ffmpeg';
/** Where another ffmpeg than the system's is tested (`--ffmpeg`), the system's makes the clips: all versions get the same. */
const maker = process.env.CLIP_FFMPEG ?? tested;
let version: Promise<string> | undefined;

/** Each Ogg file has a number at random, by which readers know one from the next where several are joined. */
const isOgg = (path: string) => /\.og[agv]$|\.opus$/.test(path);

/** Whether these arguments of ffmpeg make one file of generated pictures and sound alone: the same each time. */
export function isGenerated(args: readonly string[]): boolean {
  const [output = ''] = args.slice(-1);
  const others = args.slice(0, -1);
  const isInput = (_: string, n: number) => args[n] === '-i';
  const inputs = others.filter(isInput).length;
  const generated = others.filter(
    (arg, n) => isInput(arg, n) && args[n - 2] === '-f' && args[n - 1] === 'lavfi',
  ).length;
  return (
    inputs > 0 &&
    generated === inputs &&
    isAbsolute(output) &&
    !isOgg(output) &&
    !output.includes('%') &&
    !others.some((arg) => arg.includes(tmpdir()))
  );
}

/** Makes a file of `isGenerated`, or copies the one that an earlier test or run made. */
export async function makeOnce(args: readonly string[]): Promise<void> {
  const [output = ''] = args.slice(-1);
  const others = args.slice(0, -1);
  version ??= exec(maker, ['-version']).then(({ stdout }) => stdout.split('\n')[0] ?? '');
  const hash = createHash('sha256').update(JSON.stringify([await version, ...others]));
  // The file's name chooses its format.
  const known = join(folder, hash.digest('hex').slice(0, 32) + extname(output));
  if (await copied(known, output)) return;
  await mkdir(folder, { recursive: true });
  const made = join(folder, `${randomUUID()}${extname(output)}`);
  try {
    await exec(maker, [...others, made]);
    await copyFile(made, output);
    // Whole under its name, as several tests may make it at once.
    await rename(made, known);
  } catch (error) {
    await rm(made, { force: true });
    if (maker === tested) throw error;
    // A format that the system's ffmpeg is too old for.
    await exec(tested, [...args]);
  }
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
