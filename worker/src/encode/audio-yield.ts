import type { PauseControl } from '../ffmpeg/media-tool.ts';
import type { MediaPart } from '../plan/plan.ts';
import type { EncodeContext } from './context.ts';

/**
 * Of a film that is played early: an ffmpeg that has made the first segment of the audio stands still until players have one of the video.
 * No one hears the second segment before the first picture is seen, and the encoders share the cores.
 */
export class AudioYield {
  readonly #until: Promise<void> | undefined;
  readonly #waitsFor: Set<string>;
  #isOver = false;

  constructor(
    { audioYieldsUntil }: Pick<EncodeContext, 'audioYieldsUntil'>,
    part: MediaPart,
    renditions: readonly string[],
  ) {
    const isFirst = part.kind === 'audio' && part.firstSegment === 0 && part.segmentCuts.length > 0;
    this.#until = isFirst ? audioYieldsUntil : undefined;
    this.#waitsFor = new Set(renditions);
  }

  /** A segment was read whole: ffmpeg names it before it has written all of it, and must not be stopped by then. */
  published(rendition: string, control: PauseControl | undefined): void {
    if (!this.#waitsFor.delete(rendition) || this.#waitsFor.size > 0 || this.#until === undefined) return;
    control?.pause();
    void this.#until.then(() => {
      if (!this.#isOver) control?.resume();
    });
  }

  /** There is no ffmpeg to be stopped any more. */
  ended(): void {
    this.#isOver = true;
    this.#waitsFor.clear();
  }
}
