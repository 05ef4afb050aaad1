import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './lib/bench.ts';
import { memoryOf } from './lib/cpu.ts';
import { benchFilm } from './lib/film.ts';
import { runJob } from './lib/job.ts';

/** Resident memory that the worker itself may take, in bytes. */
const allowedBytes = 150e6;

interface Peaks {
  memoryBytes: number;
  diskBytes: number;
}

export const memory: Bench = {
  what: "the worker's own resident memory at its highest over 150 MB, for a film of ten minutes; and its local disk",
  goal: 1,
  async run({ film, log }) {
    const short = await peaksOf(film ?? (await benchFilm({ seconds: 30, width: 640, height: 360 })));
    log(`30 s: ${megabytes(short.memoryBytes)} of memory, ${megabytes(short.diskBytes)} of disk`);
    const long = await peaksOf(film ?? (await benchFilm({ seconds: 600, width: 640, height: 360 })));
    log(`600 s: ${megabytes(long.memoryBytes)} of memory, ${megabytes(long.diskBytes)} of disk`);
    return {
      ratio: long.memoryBytes / allowedBytes,
      more: {
        'memory, 20 times as long': long.memoryBytes / short.memoryBytes,
        'disk, 20 times as long': long.diskBytes / short.diskBytes,
      },
    };
  },
};

async function peaksOf(film: string): Promise<Peaks> {
  const peaks: Peaks = { memoryBytes: 0, diskBytes: 0 };
  await runJob({
    film,
    environment: () => ({ X264_PRESET: 'ultrafast' }),
    watch: (farm, [worker]) => {
      const look = async () => {
        peaks.memoryBytes = Math.max(peaks.memoryBytes, memoryOf(worker?.pid ?? 0).peakBytes);
        peaks.diskBytes = Math.max(peaks.diskBytes, await folderBytes(farm.environment.WORK_DIR ?? ''));
      };
      const timer = setInterval(() => void look().catch(() => undefined), 200);
      return () => clearInterval(timer);
    },
  });
  return peaks;
}

async function folderBytes(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(
      async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0,
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
