import type { AudioStream } from '../probe/media.ts';

/** What one audio rendition is made from. */
export interface AudioTrack {
  stream: AudioStream;
  /** The right channel, where the film stores left and right as two mono streams. */
  right?: AudioStream;
}

/**
 * The film's audio streams as tracks. Cameras and editing systems (XDCAM, ProRes masters) write each channel as a mono PCM
 * stream: two in a row that are alike in all else are the left and the right of one track.
 */
export function joinDualMono(streams: readonly AudioStream[]): AudioTrack[] {
  const tracks: AudioTrack[] = [];
  for (let n = 0; n < streams.length; n += 1) {
    const [stream, next] = [streams[n], streams[n + 1]];
    if (stream === undefined) continue;
    const right = next && areOnePair(stream, next) ? next : undefined;
    tracks.push(right ? { stream, right } : { stream });
    if (right) n += 1;
  }
  return tracks;
}

/** Times of one recording differ by less than this, in seconds. */
const pairSlackSeconds = 0.01;

function areOnePair(left: AudioStream, right: AudioStream): boolean {
  const isMonoPcm = ({ codec, channels }: AudioStream) => codec.startsWith('pcm_') && channels === 1;
  return (
    isMonoPcm(left) &&
    isMonoPcm(right) &&
    left.codec === right.codec &&
    left.sampleRate === right.sampleRate &&
    left.language === right.language &&
    left.role === right.role &&
    Math.abs(left.startSeconds - right.startSeconds) < pairSlackSeconds &&
    Math.abs(left.durationSeconds - right.durationSeconds) < pairSlackSeconds
  );
}

/**
 * Which track plays by default: the first that the film marks so, else its original version; none with a role where there is
 * ordinary audio.
 */
export function defaultTrack(tracks: readonly AudioTrack[]): AudioTrack | undefined {
  const ordinary = tracks.filter(({ stream }) => stream.role === undefined);
  const candidates = ordinary.length > 0 ? ordinary : tracks;
  const original = candidates.find(({ stream }) => stream.version === 'original');
  return candidates.find(({ stream }) => stream.default) ?? original ?? candidates[0];
}
