/** A stretch of a recording in which its clock runs on: what comes after another one is moved, so that the film goes on. */
export interface ClockStretch {
  /** The first and the last timestamp, in the container's own time. */
  startSeconds: number;
  endSeconds: number;
  /** Added to the container's times: 0 for the first stretch. */
  shiftSeconds: number;
}

export interface Packet {
  stream: number;
  ptsSeconds: number;
  /** Times of decoding, which go forward where those of the pictures do not. */
  dtsSeconds: number;
  durationSeconds: number;
}

/** A clock that goes on by more than this has jumped, where it is the clock of all streams. */
const longestPauseSeconds = 3;

/** Streams of one recording lie this far apart in the file at most; a clock that goes back by less has not jumped. */
const interleaveSeconds = 10;
const roundingSeconds = 0.5;

/**
 * A jump forward up to this is taken for a gap, as when the antenna has lost the signal: the film keeps its length. A longer
 * one, and every jump back, is where two recordings were joined.
 */
export const longestGapSeconds = 60;

/** Shorter stretches are damaged timestamps, and no recordings. */
const shortestStretchSeconds = 0.2;

/** Each stretch makes the filters longer. */
export const maxStretches = 100;

interface Span {
  fromSeconds: number;
  toSeconds: number;
}

interface Stretch {
  streams: Map<number, Span>;
  clockSeconds: number;
}

/**
 * Follows the clock of a recording (MPEG-TS, MPEG-PS) from packet to packet. Its streams jump together, each at its own next
 * packet.
 */
export class RecordingClock {
  readonly #stretches: Stretch[] = [];
  /** The stretch of each stream, and the time of its last packet. */
  readonly #at = new Map<number, { stretch: Stretch; dtsSeconds: number }>();

  add({ stream, ptsSeconds, dtsSeconds, durationSeconds }: Packet): void {
    const stretch = this.#stretchOf(stream, dtsSeconds);
    // A stream whose video stands still is behind the others: its next frame is decoded long before it is shown.
    stretch.clockSeconds = Math.max(stretch.clockSeconds, dtsSeconds);
    this.#at.set(stream, { stretch, dtsSeconds });
    const span = stretch.streams.get(stream);
    const end = ptsSeconds + durationSeconds;
    stretch.streams.set(stream, {
      fromSeconds: Math.min(ptsSeconds, span?.fromSeconds ?? ptsSeconds),
      toSeconds: Math.max(end, span?.toSeconds ?? end),
    });
  }

  /** In their order; a single one where the clock never jumped. */
  stretches(): ClockStretch[] {
    return this.#shifted().map(({ streams, ...stretch }) => stretch);
  }

  /** When each stream ends, in the container's time, as if the clock had never jumped. */
  ends(): ReadonlyMap<number, number> {
    const ends = new Map<number, number>();
    for (const { streams, shiftSeconds } of this.#shifted()) {
      for (const [stream, { toSeconds }] of streams)
        ends.set(stream, Math.max(toSeconds + shiftSeconds, ends.get(stream) ?? 0));
    }
    return ends;
  }

  #shifted(): Shifted[] {
    const found: Shifted[] = [];
    for (const stretch of this.#stretches) {
      const before = found.at(-1);
      if (before && isShort(stretch)) continue;
      const { fromSeconds, toSeconds } = boundsOf(stretch);
      const { streams } = stretch;
      const own = { startSeconds: fromSeconds, endSeconds: toSeconds, streams };
      found.push({ ...own, shiftSeconds: before ? shiftAfter(before, own) : 0 });
    }
    return found;
  }

  #stretchOf(stream: number, dtsSeconds: number): Stretch {
    const own = this.#at.get(stream);
    const goesOn = (from: number, backSeconds: number) =>
      dtsSeconds >= from - backSeconds && dtsSeconds <= from + longestPauseSeconds;
    if (own && goesOn(own.dtsSeconds, roundingSeconds)) return own.stretch;
    const newest = this.#stretches.at(-1);
    // A stream's first packet, wherever it is: audio may be far from the video.
    if (newest && own === undefined) return newest;
    const follows = newest !== own?.stretch || dtsSeconds > (own?.dtsSeconds ?? dtsSeconds);
    if (newest && follows && goesOn(newest.clockSeconds, interleaveSeconds)) return newest;
    // Behind a damaged timestamp the recording goes on where it was.
    const earlier = this.#stretches.at(-2);
    if (newest && earlier && isShort(newest) && goesOn(earlier.clockSeconds, roundingSeconds)) {
      this.#stretches.pop();
      return earlier;
    }
    const stretch = { streams: new Map<number, Span>(), clockSeconds: dtsSeconds };
    this.#stretches.push(stretch);
    return stretch;
  }
}

type Shifted = ClockStretch & { streams: ReadonlyMap<number, Span> };

function isShort(stretch: Stretch): boolean {
  const { fromSeconds, toSeconds } = boundsOf(stretch);
  return toSeconds - fromSeconds < shortestStretchSeconds;
}

function boundsOf({ streams }: Stretch): Span {
  const spans = [...streams.values()];
  return {
    fromSeconds: Math.min(...spans.map((span) => span.fromSeconds)),
    toSeconds: Math.max(...spans.map((span) => span.toSeconds)),
  };
}

/** All streams are moved alike, so far that none overlaps with what it had before. */
function shiftAfter(before: Shifted, { streams, startSeconds }: Omit<Shifted, 'shiftSeconds'>): number {
  const jump = startSeconds - before.endSeconds;
  if (jump > 0 && jump <= longestGapSeconds) return before.shiftSeconds;
  const joints = [...streams].flatMap(([stream, { fromSeconds }]) => {
    const earlier = before.streams.get(stream);
    return earlier ? [earlier.toSeconds - fromSeconds] : [];
  });
  const shift = before.shiftSeconds + (joints.length > 0 ? Math.max(...joints) : -jump);
  return Math.round(shift * 1e6) / 1e6;
}

/** What the owner should know of a clock that jumps. @param zeroSeconds of the film, in the container's time */
export function clockWarnings(stretches: readonly ClockStretch[], zeroSeconds: number): string[] {
  return stretches.slice(1).map((stretch, n) => {
    const before = stretches[n] ?? stretch;
    const at = (before.endSeconds + before.shiftSeconds - zeroSeconds).toFixed(1);
    if (stretch.shiftSeconds === before.shiftSeconds) {
      const gap = (stretch.startSeconds - before.endSeconds).toFixed(1);
      return `the recording has a gap of ${gap} s at ${at} s: there the picture stands still and there is no sound`;
    }
    const jump = stretch.startSeconds - before.endSeconds;
    return `the recording's clock jumps ${jump < 0 ? 'back' : 'forward'} at ${at} s, as where two recordings are joined: the film goes on without a gap`;
  });
}
