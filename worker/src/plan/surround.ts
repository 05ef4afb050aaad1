import { ac3FrameSamples } from '../probe/ac3-frames.ts';
import type { AudioStream, Media, WholeFrames } from '../probe/media.ts';
import { spaceFrames } from './audio.ts';
import type { AudioRendition } from './plan.ts';

/** Apple's HLS authoring specification (2.9) has 384 kb/s for 5.1; the others are usual. */
const bitrates = { 1: 96_000, 2: 192_000, 6: 384_000 } as const;

/** From here on a stream has more than a stereo mix can keep: 5.1, 6.1, 7.1. */
const leastChannels = 6;

/**
 * For films with surround sound: each track once more, in AC-3, which players have that play more than two channels; AAC in 5.1 is played by few.
 * Also those in stereo, as all groups of a playlist have the same tracks (RFC 8216, 4.3.4.1.1) and each has one codec.
 */
export function planSurround(
  { audio, format }: Pick<Media, 'audio' | 'format'>,
  stereo: readonly AudioRendition[],
  copying: Copying,
): AudioRendition[] {
  const streamOf = ({ streamIndexes, join }: AudioRendition) =>
    join === undefined ? audio.find(({ index }) => index === streamIndexes[0]) : undefined;
  const surround = new Map(
    stereo.flatMap((rendition) => {
      const stream = streamOf(rendition);
      return stream && stream.channels >= leastChannels ? [[rendition, stream] as const] : [];
    }),
  );
  if (surround.size === 0) return [];
  return stereo.map((rendition) => {
    const stream = surround.get(rendition);
    const channels = stream ? 6 : rendition.channels;
    const copied = stream && copiedFrames(stream, copying);
    return {
      ...rendition,
      name: rendition.name.replace(/^audio/, 'ac3'),
      codec: 'ac3' as const,
      channels,
      ...(stream
        ? { prepare: [...(format === 'mpegts' ? spaceFrames(stream) : []), ...arranged(stream)] }
        : {}),
      bitrate: copied ? (copied.bytes * 8 * stream.sampleRate) / ac3FrameSamples : bitrates[channels],
      ...(copied ? { copied } : {}),
    };
  });
}

/** What decides whether frames can be published as they are. */
interface Copying {
  /** False where what is heard is changed, or where frames have other times than those in the source. */
  isUnchanged: boolean;
  /** The film's, in the container's own time. */
  zeroSeconds: number;
}

/** Frames are put on the film's grid, so they may come half a frame late or early. One that is missing at the start would be heard. */
const latestSeconds = 0.015;

function copiedFrames(
  { wholeFrames, startSeconds }: AudioStream,
  { isUnchanged, zeroSeconds }: Copying,
): WholeFrames | undefined {
  return isUnchanged && startSeconds - zeroSeconds < latestSeconds ? wholeFrames : undefined;
}

/** The order of channels in WAV: front left and right, centre, low frequencies, what is behind, the sides. */
const usualLayouts: Record<number, string> = { 7: '6.1', 8: '7.1' };

/** Where the layout is unknown, it is taken to be the usual one; ffmpeg mixes that as it does where the file says so. */
function arranged({ channels, channelLayout }: AudioStream): string[] {
  if (channelLayout !== undefined) return [];
  const layout = usualLayouts[channels] ?? '5.1(side)';
  const taken = layout === '5.1(side)' ? 6 : channels;
  return [`pan=${layout}|${Array.from({ length: taken }, (_, n) => `c${n}=c${n}`).join('|')}`];
}
