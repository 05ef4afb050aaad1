import { spawnSync } from 'node:child_process';
import { accessSync, constants as fsConstants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program's path. What is started gets no PATH, so it is found here. @throws Error where it is missing */
export function findProgram(name: string): string {
  if (name.includes('/')) return name;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, fsConstants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(
    `"${name}" was not found on the PATH. Install ffmpeg, or name it in FFMPEG_PATH and FFPROBE_PATH.`,
  );
}

/** What `-version` prints of ffmpeg: its version, how it was built, and the versions of its libraries. */
export function aboutProgram(program: string): string {
  const { stdout } = spawnSync(program, ['-version'], { env: {}, encoding: 'utf8', timeout: 10_000 });
  return stdout ?? '';
}

/** Names of the filters that an ffmpeg has. @throws Error where the program is missing */
export function readFilters(path: string): ReadonlySet<string> {
  const { stdout } = spawnSync(findProgram(path), ['-hide_banner', '-filters'], {
    env: {},
    encoding: 'utf8',
    timeout: 10_000,
  });
  const lines = (stdout ?? '').split('\n');
  return new Set(lines.flatMap((line) => /^ [A-Z.|]{2,3} +(\w+) +\S+->\S+/.exec(line)?.[1] ?? []));
}

/** Such as `Tesla T4, 535.183.01`. A task sees only its own GPU. */
export function readGpuName(): string {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const { stdout } = spawnSync('nvidia-smi', query, {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return stdout?.split('\n')[0]?.trim() || 'unknown GPU';
}
