import { randomBytes, randomUUID } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryEncoder } from '../encode/try-encoder.ts';
import type { MediaTools } from '../ffmpeg/media-tool.ts';
import type { Logger } from '../log.ts';
import type { VideoEncoder } from '../plan/plan.ts';
import type { Store } from '../storage/store.ts';
import type { HealthCheck } from './health.ts';

/** More than the segments of one part that wait for their upload at a time; less than any scratch disk. */
const diskBytes = 16 * 2 ** 20;

/** Storage that answers one small read within this time is there. */
const storageMs = 30_000;

export function encoderCheck(encoder: VideoEncoder, tools: Pick<MediaTools, 'ffmpeg'>): HealthCheck {
  return {
    of: 'encoder',
    async run() {
      const problem = await tryEncoder(encoder, tools);
      if (problem !== undefined)
        throw new Error(`${encoder.name} does not encode a test picture: ${problem}`);
    },
  };
}

/** Writes a file through to the disk and reads it back. */
export function diskCheck(workDir: string, sizeBytes = diskBytes): HealthCheck {
  return {
    of: 'disk',
    async run() {
      const path = join(workDir, `self-test-${randomUUID()}`);
      const written = randomBytes(sizeBytes);
      try {
        const file = await open(path, 'wx');
        try {
          await file.writeFile(written);
          await file.sync();
        } finally {
          await file.close();
        }
        if (!written.equals(await readFile(path)))
          throw new Error(`${workDir} gave back other bytes than written`);
      } finally {
        await rm(path, { force: true });
      }
    },
  };
}

/** Asks the output bucket for an object. That there is none is an answer as good as any. */
export function storageCheck(output: Pick<Store, 'head'>, outputPrefix: string): HealthCheck {
  return {
    of: 'storage',
    async run() {
      await output.head(`${outputPrefix}self-test`, AbortSignal.timeout(storageMs));
    },
  };
}

/** Between two tries to reach storage at the start. */
const storagePauseMs = 10_000;

/**
 * Resolves when storage answers. A worker that takes jobs while storage is away fails them all; one that ends is started
 * again at once, and again.
 */
export async function untilStorageAnswers(
  check: HealthCheck,
  log: Pick<Logger, 'error'>,
  pauseMs = storagePauseMs,
): Promise<void> {
  for (;;) {
    try {
      return await check.run();
    } catch (error) {
      log.error({ err: error }, 'the output bucket does not answer; no jobs are taken until it does');
      await sleep(pauseMs);
    }
  }
}
