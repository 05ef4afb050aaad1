import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** One block of ffmpeg's `-progress` output. */
export interface Progress {
  /** Frames encoded on the first video output. */
  frames: number;
  framesPerSecond: number;
  /** Time of what was written, from the first timestamp of this run; undefined while ffmpeg says N/A. */
  outSeconds?: number;
  ended: boolean;
}

/** Calls back for each block; `moved`: something was made since the last one. */
export function readProgress(
  stdout: Readable,
  onProgress: (progress: Progress, moved: boolean) => void,
): void {
  let block: Record<string, string> = {};
  let last = '';
  createInterface({ input: stdout }).on('line', (line) => {
    const split = line.indexOf('=');
    if (split < 0) return;
    const key = line.slice(0, split);
    block[key] = line.slice(split + 1).trim();
    if (key !== 'progress') return;
    const progress = parseProgress(block);
    block = {};
    const mark = `${progress.frames} ${progress.outSeconds}`;
    onProgress(progress, mark !== last);
    last = mark;
  });
}

/** `out_time_ms` is in microseconds too, whatever its name says; `out_time_us` is read. */
export function parseProgress(block: Readonly<Record<string, string>>): Progress {
  const microseconds = Number(block.out_time_us);
  return {
    frames: Number(block.frame) || 0,
    framesPerSecond: Number(block.fps) || 0,
    outSeconds: Number.isFinite(microseconds) ? microseconds / 1e6 : undefined,
    ended: block.progress === 'end',
  };
}
