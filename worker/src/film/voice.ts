import type { Part } from '../plan/plan.ts';
import { isWorking } from '../protocol/hand.ts';
import type { JobState } from '../protocol/status.ts';
import type { JobReport } from '../report/reporter.ts';
import type { FilmView } from './choose.ts';

/**
 * Which of a film's workers tells how far it is: the one with the lowest seat, and only while it has a part in hand that
 * is not recorded yet. So nobody says "running" when the film may have been published, for its parts are not all there.
 */
export interface Voice {
  heard(view: FilmView, own: { seat: number; key: string }): void;
  begun(part: Part | undefined): Part | undefined;
  /** Before a part's record is written. */
  recording(part: Part): Promise<void>;
}

export function createVoice(options: {
  report: JobReport;
  isShared: boolean;
  /** The job's state as it was told last, by whichever worker. */
  readStatus: () => Promise<JobState | undefined>;
}): Voice {
  const { report, isShared, readStatus } = options;
  if (!isShared) return { heard: () => {}, begun: (part) => part, recording: async () => {} };
  const unrecorded = new Set<number>();
  let isFirst = false;
  /** What was told before is not taken back. */
  let knowsStatus = false;

  const speakIfMine = () => report.speak(isFirst && knowsStatus && unrecorded.size > 0);

  return {
    heard({ others }, own) {
      const wasFirst = isFirst;
      isFirst = others
        .filter(isWorking)
        .every((other) => other.seat > own.seat || (other.seat === own.seat && other.key > own.key));
      if (isFirst && !wasFirst) {
        knowsStatus = false;
        void readStatus().then((told) => {
          knowsStatus = true;
          if (told?.progress !== undefined) report.update({ progress: told.progress });
          return speakIfMine();
        });
      } else if (!isFirst) void speakIfMine();
    },
    begun(part) {
      if (part !== undefined) unrecorded.add(part.index);
      void speakIfMine();
      return part;
    },
    async recording(part) {
      unrecorded.delete(part.index);
      await speakIfMine();
    },
  };
}
