import type { Cue } from './cue.ts';

/** A segment of a WebVTT rendition. */
export interface TextSegment {
  number: number;
  startSeconds: number;
  durationSeconds: number;
  text: string;
}

/** The whole file, for `<track>` and for people. */
export function wholeVtt(cues: readonly Cue[]): string {
  return `WEBVTT\n\n${cues.map(block).join('\n')}`;
}

/**
 * Cuts cues as the film is cut: a cue that crosses a cut is in both segments, with its own times, and a segment in which nothing is
 * said holds only its head. RFC 8216 section 3.5.
 * @param cutSeconds where segments begin, and the film's end
 * @param mpegtsOffsetSeconds the media time of the film's zero: the 10 s of MPEG-TS, and 0 of fragmented MP4
 */
export function* cutVtt(
  cues: readonly Cue[],
  cutSeconds: readonly number[],
  mpegtsOffsetSeconds: number,
): Generator<TextSegment> {
  const head = `WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:${mpegtsOffsetSeconds * 90_000}\n\n`;
  const last = cutSeconds.length - 2;
  let next = 0;
  let shown: Cue[] = [];
  for (let number = 0; number <= last; number += 1) {
    const [startSeconds = 0, endSeconds = 0] = cutSeconds.slice(number, number + 2);
    // What begins behind the film's end belongs to its last segment.
    const endMs = number === last ? Number.POSITIVE_INFINITY : endSeconds * 1000;
    shown = shown.filter((cue) => cue.endMs > startSeconds * 1000);
    while (next < cues.length && (cues[next] as Cue).startMs < endMs) {
      const cue = cues[next] as Cue;
      if (cue.endMs > startSeconds * 1000) shown.push(cue);
      next += 1;
    }
    yield {
      number,
      startSeconds,
      durationSeconds: endSeconds - startSeconds,
      text: head + shown.map(block).join('\n'),
    };
  }
}

/** About how many cues all segments hold together: one that is shown for an hour is in hundreds. */
export function countPlacements(cues: readonly Cue[], cutSeconds: readonly number[]): number {
  const endSeconds = cutSeconds.at(-1) ?? 0;
  const segmentSeconds = endSeconds / Math.max(1, cutSeconds.length - 1);
  return cues.reduce((sum, { startMs, endMs }) => {
    const shownSeconds = Math.min(endMs / 1000, endSeconds) - startMs / 1000;
    return sum + 1 + Math.max(0, shownSeconds) / Math.max(segmentSeconds, 0.1);
  }, 0);
}

function block({ startMs, endMs, text, settings }: Cue): string {
  return `${stamp(startMs)} --> ${stamp(endMs)}${settings ? ` ${settings}` : ''}\n${text}\n`;
}

function stamp(ms: number): string {
  const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  return `${pad(ms / 3_600_000, 2)}:${pad((ms / 60_000) % 60, 2)}:${pad((ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
}
