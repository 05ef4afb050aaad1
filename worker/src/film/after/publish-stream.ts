import type { Readable } from 'node:stream';
import type { FfmpegCall } from '../../ffmpeg/media-tool.ts';
import type { TranscodeRun } from '../film.ts';

/**
 * Publishes what ffmpeg writes to a pipe while it writes it. It is published only if ffmpeg ends well, and ffmpeg is ended where it
 * can't be published.
 */
export async function publishStream(
  call: FfmpegCall,
  { tools, signal }: Pick<TranscodeRun, 'tools' | 'signal'>,
  publish: (bytes: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const opened = Promise.withResolvers<Readable>();
  // The upload may fail before it asks for bytes.
  opened.promise.catch(() => {});
  const failed = new AbortController();
  let isHeldBack = false;
  const made = tools.ffmpeg({
    ...call,
    signal: AbortSignal.any([signal, failed.signal]),
    isSourceStalled: () => isHeldBack || call.isSourceStalled?.() === true,
    onBytes: opened.resolve,
  });
  made.catch(opened.reject);
  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of await opened.promise) {
      isHeldBack = true;
      yield chunk;
      isHeldBack = false;
    }
    await made;
  }
  try {
    await publish(bytes());
  } finally {
    failed.abort();
    await made.catch(() => {});
  }
}
