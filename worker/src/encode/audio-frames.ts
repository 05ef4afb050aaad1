import type { RenditionRecord } from '../protocol/part-record.ts';

/** AAC: samples of each channel in a frame. */
export const samplesPerFrame = 1024;

/** A segment begins at the frame nearest its cut: this much may be before it. */
export function cutSlackSeconds(sampleRate: number): number {
  return samplesPerFrame / sampleRate / 2;
}

/** The frame that a segment begins with: the first that the segment muxer would let begin there. It counts in microseconds. */
export function frameOfCut(cutSeconds: number, sampleRate: number): number {
  const micros = Math.round(cutSeconds * 1e6) - Math.round(cutSlackSeconds(sampleRate) * 1e6);
  return Math.max(0, Math.ceil((micros * sampleRate) / (1e6 * samplesPerFrame)));
}

/** Rounding, and the frame that begins before the film's end. */
const slackFrames = 2;

/** How many frames more than its length and its rate say a rendition has; below zero where some are missing. */
export function extraAudioFrames({ frames, segments }: RenditionRecord, sampleRate: number): number {
  const [first, last] = [segments[0], segments.at(-1)];
  if (!first || !last) return 0;
  const length = last.startSeconds + last.durationSeconds - first.startSeconds;
  const extra = Math.round(frames - (length * sampleRate) / samplesPerFrame);
  return Math.abs(extra) > slackFrames ? extra : 0;
}
