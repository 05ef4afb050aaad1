import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A film to measure with: a zoom with grain on it, so that it costs an encoder about what a real film does, and a tone.
 * Made once and kept in the system's temporary folder.
 */
export async function benchFilm(options: {
  seconds: number;
  width?: number;
  height?: number;
}): Promise<string> {
  const { seconds, width = 1280, height = 720 } = options;
  const path = join(tmpdir(), `transcode-farm-bench-${width}x${height}-${seconds}s.mp4`);
  if (await stat(path).catch(() => undefined)) return path;
  const loopSeconds = Math.min(seconds, 10);
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const loop = join(folder, 'loop.mp4');
  await run('ffmpeg', [
    ...[
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      'mandelbrot=size=640x360:rate=30:end_scale=0.05:maxiter=600',
    ],
    ...['-f', 'lavfi', '-i', 'sine=frequency=330:sample_rate=48000', '-t', String(loopSeconds)],
    ...['-vf', `scale=${width}:${height}:flags=bicubic,noise=alls=6:allf=t,format=yuv420p`],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-crf',
      '20',
      '-g',
      '60',
      '-c:a',
      'aac',
      '-b:a',
      '128k',
      loop,
    ],
  ]);
  const whole = join(folder, 'whole.mp4');
  const loops = Math.ceil(seconds / loopSeconds) - 1;
  await run('ffmpeg', [
    ...['-v', 'error', '-y', '-stream_loop', String(loops), '-i', loop, '-t', String(seconds)],
    ...['-c', 'copy', '-movflags', '+faststart', whole],
  ]);
  await rename(whole, path);
  await rm(folder, { recursive: true });
  return path;
}
