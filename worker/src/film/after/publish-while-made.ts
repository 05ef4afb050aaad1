import type { Readable } from 'node:stream';
import { hasIndexFirst } from '../../encode/file-boxes.ts';
import { type FfmpegCall, MediaToolError } from '../../ffmpeg/media-tool.ts';
import type { TranscodeRun } from '../film.ts';

/** Files that go up while ffmpeg makes them. They are published only if it ends well, and it ends where they can't be published. */

type MakeRun = Pick<TranscodeRun, 'tools' | 'signal'>;

/** The room that was left for the index of an MP4 does not hold it. */
export class IndexRoomError extends Error {
  override readonly name = 'IndexRoomError';
}

/**
 * A file on the disk in which ffmpeg has left room for the index, so that what it writes behind it is final.
 * @param publish gets what resolves when the file at `path` is whole
 * @throws IndexRoomError
 */
export function publishGrowing(
  call: FfmpegCall,
  path: string,
  run: MakeRun,
  publish: (made: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const make = async (stoppable: FfmpegCall) => {
    try {
      await run.tools.ffmpeg(stoppable);
    } catch (error) {
      if (error instanceof MediaToolError && error.stderrTail.includes('reserved_moov_size is too small'))
        throw new IndexRoomError(error.message, { cause: error });
      throw error;
    }
    if (!(await hasIndexFirst(path))) throw new IndexRoomError('ffmpeg wrote no whole index.');
  };
  return whileMaking(make, call, run, publish);
}

/** Bytes that ffmpeg writes to a pipe. */
export function publishStream(
  call: FfmpegCall,
  run: MakeRun,
  publish: (bytes: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const opened = Promise.withResolvers<Readable>();
  // The upload may fail before it asks for bytes.
  opened.promise.catch(() => {});
  let isHeldBack = false;
  const make = (stoppable: FfmpegCall) =>
    run.tools.ffmpeg({
      ...stoppable,
      isSourceStalled: () => isHeldBack || call.isSourceStalled?.() === true,
      onBytes: opened.resolve,
    });
  return whileMaking(make, call, run, (made) => {
    made.catch(opened.reject);
    async function* bytes(): AsyncGenerator<Buffer> {
      for await (const chunk of await opened.promise) {
        isHeldBack = true;
        yield chunk;
        isHeldBack = false;
      }
      await made;
    }
    return publish(bytes());
  });
}

async function whileMaking(
  make: (call: FfmpegCall) => Promise<unknown>,
  call: FfmpegCall,
  { signal }: MakeRun,
  publish: (made: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const made = make({ ...call, signal: AbortSignal.any([signal, failed.signal]) });
  made.catch(() => {});
  try {
    await publish(made);
  } finally {
    failed.abort();
    await made.catch(() => {});
  }
}
