import type { Part } from '../plan/plan.ts';
import type { PartRecord } from '../publish/record.ts';
import { endsEarly } from './length.ts';
import { type EncodeContext, startPart } from './part.ts';

/**
 * Encodes all parts that are not recorded yet: video parts one after another without a pause, all audio beside them.
 * The tail of a part (its last uploads and its record) overlaps the encoding of the next.
 * @param recorded parts that were done before
 * @param onEncoded called after the last frame: what follows is publishing
 * @returns the records of all parts in the plan's order; fewer where the film ended early
 */
export async function encodeFilm(
  context: EncodeContext,
  recorded: readonly PartRecord[],
  onEncoded: () => void,
): Promise<PartRecord[]> {
  const records = [...recorded];
  const failed = new AbortController();
  const run = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };
  const missing = (kind: Part['kind']) =>
    context.plan.parts.filter(
      (part) => part.kind === kind && !recorded.some((record) => record.part === part.index),
    );

  const tails: Promise<unknown>[] = [];
  const encodeInTurn = async (parts: Part[]) => {
    for (const part of parts) {
      const running = startPart(run, part);
      const tail = running.recorded.then((record) => records.push(record));
      tail.catch((error: unknown) => failed.abort(error));
      tails.push(tail);
      const { endSeconds } = await running.encoded;
      if (endsEarly(context.plan, part, endSeconds)) return;
      // A network slower than the encoder must not pile up tails.
      await tails.at(-2);
    }
  };
  const turns = await Promise.allSettled([encodeInTurn(missing('video')), encodeInTurn(missing('audio'))]);
  onEncoded();
  for (const end of [...(await Promise.allSettled(tails)), ...turns]) {
    // The first failure is the cause of the others.
    if (end.status === 'rejected') throw failed.signal.aborted ? failed.signal.reason : end.reason;
  }
  return records.sort((a, b) => a.part - b.part);
}
