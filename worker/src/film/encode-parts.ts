import { setTimeout as sleep } from 'node:timers/promises';
import type { EncodeContext } from '../encode/context.ts';
import { startPart } from '../encode/part.ts';
import type { Part } from '../plan/plan.ts';
import { segmentsToBegin } from '../publish/early-pace.ts';
import { endsEarly } from './check-length.ts';
import type { LostParts, VideoWork } from './early/lost-parts.ts';
import type { FilmSession } from './session/session.ts';

/** What players take to load the first segment of a film that is played early, and to show a picture of it. */
const firstPictureMs = 1000;

/**
 * Encodes what the session gives this worker: video parts one after another without a pause, audio and subtitles beside them, and
 * before the audio what must be measured of it. The tail of a part (its last uploads and its record) overlaps the encoding of the next.
 */
export async function encodeParts(
  context: Omit<EncodeContext, 'record' | 'audioYieldsUntil'> & { isPlayedEarly?: boolean },
  session: Pick<FilmSession, 'next' | 'drop' | 'record'>,
  on: {
    /** The last video part was encoded here. */
    videoEnd: () => void;
    /** This worker's last frame: what follows is publishing. */
    encoded: () => void;
  },
  /** Of a film that is played early by several workers. */
  lostParts?: Pick<LostParts, 'next'>,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const { isPlayedEarly, ...shared } = context;
  let work: VideoWork = { kind: 'between' };
  let dropCurrent = () => {};
  // Short segments are offered two by two, with their audio.
  const isFirstAlone = segmentsToBegin(Number.POSITIVE_INFINITY, shared.plan.segmentSeconds) === 1;
  /** A first segment of video that is made here has been in storage for a moment, or there will be no more. */
  const videoBegun = Promise.withResolvers<void>();
  let hasSegment = false;
  const run: EncodeContext = {
    ...shared,
    ...(isPlayedEarly && { audioYieldsUntil: videoBegun.promise }),
    onSegment: (part, rendition, piece) => {
      if (part.kind === 'video' && piece.kind === 'segment' && !hasSegment) {
        hasSegment = true;
        void sleep(isFirstAlone ? firstPictureMs : 0, undefined, { ref: false }).then(videoBegun.resolve);
      }
      shared.onSegment?.(part, rendition, piece);
    },
    onProgress: (part, progress) => {
      if (work.kind === 'encoding' && work.part === part) work.frames = progress.frames;
      shared.onProgress(part, progress);
    },
    signal,
    record: (...given) => session.record(...given),
  };

  const tails: Promise<unknown>[] = [];
  const encodeInTurn = async (kind: Part['kind']) => {
    const own: Promise<unknown>[] = [];
    for (;;) {
      const part = failed.signal.aborted ? undefined : await session.next(kind);
      if (part === undefined) return;
      const dropped = new AbortController();
      const running = startPart({ ...run, signal: AbortSignal.any([signal, dropped.signal]) }, part);
      const tail = running.recorded.catch((error: unknown) => {
        if (dropped.signal.aborted) return;
        failed.abort(error);
        throw error;
      });
      tail.catch(() => {});
      tails.push(tail);
      own.push(tail);
      if (kind === 'video') {
        work = { kind: 'encoding', part, startedAtMs: performance.now(), frames: 0 };
        dropCurrent = () => dropped.abort();
      }
      const reached = await running.encoded.catch((error: unknown) => {
        if (!dropped.signal.aborted) throw error;
      });
      if (kind === 'video') {
        work = { kind: 'between' };
        dropCurrent = () => {};
      }
      // It may be dropped at the very moment at which it is encoded.
      if (reached === undefined || dropped.signal.aborted) {
        await tail;
        await session.drop(part);
        continue;
      }
      if (endsEarly(context.plan, part, reached.endSeconds)) return;
      // A network slower than the encoder must not pile up tails. Video does not wait for audio, which follows it.
      await own.at(part.kind === 'loudness' ? -1 : -2);
    }
  };
  const audio = async () => {
    await encodeInTurn('loudness');
    await encodeInTurn('audio');
  };
  const video = async () => {
    await encodeInTurn('video').finally(() => {
      work = { kind: 'over' };
      videoBegun.resolve();
      on.videoEnd();
    });
    // What another worker had may be free by now.
    await audio();
    await encodeInTurn('text');
  };
  const abortOthers = (error: unknown) => {
    failed.abort(error);
    throw error;
  };
  const over = new AbortController();
  const takeUpLost = async () => {
    const beside: Promise<void>[] = [];
    const until = AbortSignal.any([signal, over.signal]);
    for (;;) {
      const part = await lostParts?.next(() => work, until);
      if (part === undefined) break;
      if (part.kind === 'video' && work.kind !== 'over') dropCurrent();
      else beside.push(encodeInTurn(part.kind).catch(abortOthers));
    }
    await Promise.all(beside);
  };
  const takingUp = takeUpLost();
  takingUp.catch(() => {});
  const turns = await Promise.allSettled(
    [video(), audio(), encodeInTurn('text')].map((turn) => turn.catch(abortOthers)),
  );
  over.abort();
  turns.push(...(await Promise.allSettled([takingUp])));
  on.encoded();
  for (const end of [...(await Promise.allSettled(tails)), ...turns]) {
    // The first failure is the cause of the others.
    if (end.status === 'rejected') throw failed.signal.aborted ? failed.signal.reason : end.reason;
  }
}
