import type { EncodeContext } from '../encode/context.ts';
import { startPart } from '../encode/part.ts';
import type { Part } from '../plan/plan.ts';
import { endsEarly } from './check-length.ts';
import type { Crew } from './crew.ts';

/**
 * Encodes what the crew gives this worker: parts of the picture one after another without a pause, all sound beside
 * them. The tail of a part (its last uploads and its record) overlaps the encoding of the next.
 */
export async function encodeFilm(
  context: EncodeContext,
  crew: Pick<Crew, 'next' | 'recorded'>,
  on: {
    /** The last part of the picture was encoded here. */
    videoEnd: () => void;
    /** This worker's last frame: what follows is publishing. */
    encoded: () => void;
  },
): Promise<void> {
  const failed = new AbortController();
  const run = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };

  const tails: Promise<unknown>[] = [];
  const encodeInTurn = async (kind: Part['kind']) => {
    const own: Promise<unknown>[] = [];
    for (;;) {
      const part = failed.signal.aborted ? undefined : await crew.next(kind);
      if (part === undefined) return;
      const running = startPart(run, part);
      const tail = running.recorded.then((record) => crew.recorded(record));
      tail.catch((error: unknown) => failed.abort(error));
      tails.push(tail);
      own.push(tail);
      const { endSeconds } = await running.encoded;
      if (endsEarly(context.plan, part, endSeconds)) return;
      // A network slower than the encoder must not pile up tails. The picture does not wait for the sound, which follows it.
      await own.at(-2);
    }
  };
  const turns = await Promise.allSettled([encodeInTurn('video').finally(on.videoEnd), encodeInTurn('audio')]);
  on.encoded();
  for (const end of [...(await Promise.allSettled(tails)), ...turns]) {
    // The first failure is the cause of the others.
    if (end.status === 'rejected') throw failed.signal.aborted ? failed.signal.reason : end.reason;
  }
}
