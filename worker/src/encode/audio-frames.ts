import type { AudioRendition } from '../plan/plan.ts';
import type { RenditionRecord } from '../protocol/part-record.ts';

type Framed = Pick<AudioRendition, 'codec' | 'sampleRate'>;

/** Samples of each channel in a frame. */
export function samplesPerFrame({ codec }: Pick<AudioRendition, 'codec'>): number {
  return codec === 'ac3' ? 1536 : 1024;
}

export function frameSeconds(framed: Framed): number {
  return samplesPerFrame(framed) / framed.sampleRate;
}

/** A segment begins at the frame nearest its cut: this much may be before it. */
export function cutSlackSeconds(framed: Framed): number {
  return frameSeconds(framed) / 2;
}

/** The frame that a segment begins with: the first that the segment muxer would let begin there. It counts in microseconds. */
export function frameOfCut(cutSeconds: number, framed: Framed): number {
  const micros = Math.round(cutSeconds * 1e6) - Math.round(cutSlackSeconds(framed) * 1e6);
  return Math.max(0, Math.ceil((micros * framed.sampleRate) / (1e6 * samplesPerFrame(framed))));
}

/**
 * AC-3 puts out what it gets 256 samples later. The encoder begins so much after the start of a frame, and two frames early, so that
 * frames lie on the film's grid of frames, and the first one that counts has all that is before it.
 */
const ac3 = { delaySamples: 256, leadFrames: 2 };

/** The first sample that the encoder gets so that frames from this one on are right, in film time. */
export function firstSample(frame: number, framed: Framed): number {
  return frame * samplesPerFrame(framed) + (framed.codec === 'ac3' ? ac3.delaySamples : 0);
}

/** With which frame a run begins that is to publish the film from its start on; AAC's own priming is before it. */
export function runFrom(framed: Framed): number {
  return framed.codec === 'ac3' ? -ac3.leadFrames : 0;
}

/** Rounding, and the frame that begins before the film's end. */
const slackFrames = 2;

/** How many frames more than its length and its rate say a rendition has; below zero where some are missing. */
export function extraAudioFrames({ frames, segments }: RenditionRecord, framed: Framed): number {
  const [first, last] = [segments[0], segments.at(-1)];
  if (!first || !last) return 0;
  const length = last.startSeconds + last.durationSeconds - first.startSeconds;
  const extra = Math.round(frames - length / frameSeconds(framed));
  return Math.abs(extra) > slackFrames ? extra : 0;
}
