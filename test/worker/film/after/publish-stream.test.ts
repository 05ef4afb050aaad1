import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import type { FfmpegCall } from '../../../../worker/src/ffmpeg/media-tool.ts';
import { publishStream } from '../../../../worker/src/film/after/publish-stream.ts';

it('an upload that fails before ffmpeg has begun fails the file, and not the worker', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const tools = {
    ffmpeg: ({ signal }: FfmpegCall) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped')))),
  };
  const run = { tools, signal: new AbortController().signal } as unknown as Parameters<
    typeof publishStream
  >[1];
  const publishing = publishStream({} as FfmpegCall, run, () => Promise.reject(new Error('no storage')));
  await expect(publishing).rejects.toThrow('no storage');
  await sleep(20);
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
