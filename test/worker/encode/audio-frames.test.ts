import { describe, expect, it } from 'vitest';
import { extraAudioFrames } from '../../../worker/src/encode/audio-frames.ts';

const rendition = (frames: number, seconds: number) => ({
  name: 'audio-0',
  codecs: 'mp4a.40.2',
  frames,
  initBytes: 800,
  segments: [{ number: 0, startSeconds: 0, durationSeconds: seconds, bytes: 1000 }],
});

describe('extraAudioFrames', () => {
  it.each([
    ['as many frames as its length holds', 469, 10, 0],
    ['one frame that goes over its end', 470, 10, 0],
    ['frames that were squeezed in', 642, 10, 173],
    ['a gap of half a second', 445, 10, -24],
  ])('finds in a rendition with %s: %d frames in %d s are %d', (_, frames, seconds, extra) => {
    expect(extraAudioFrames(rendition(frames, seconds), { sampleRate: 48000 })).toBe(extra);
  });
});
