import type { RenditionRecord } from '../protocol/part-record.ts';

/** AAC: samples of each channel in a frame. */
const samplesPerFrame = 1024;

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
