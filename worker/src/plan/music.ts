import type { Media } from '../probe/media.ts';
import { planAudio } from './audio.ts';
import { filmZero } from './frame-timing.ts';
import type { MusicOptions } from './music-options.ts';
import type { AudioRendition, MusicPlan } from './plan.ts';

/** Music whose source was probed. */
export interface ProbedMusic extends Omit<MusicOptions, 'source'> {
  /** Which of the job's sources. */
  source: number;
  media: Media;
}

/** Undefined where the file has no audio that can be decoded. Of several tracks it is the default one. */
export function planMusic({ source, media, volume = 1, duck }: ProbedMusic): MusicPlan | undefined {
  const zeroSeconds = filmZero(media);
  const { audio } = planAudio(media, zeroSeconds);
  const track = audio.find((rendition) => rendition.default) ?? audio[0];
  if (track === undefined) return undefined;
  return {
    source,
    volume,
    ...(duck === undefined ? {} : { duck }),
    zeroSeconds,
    ...(media.clock ? { clock: media.clock } : {}),
    ...(media.fragmentTable ? { fragmentTable: media.fragmentTable } : {}),
    audio: asStereo(track),
  };
}

/** What has music under it is stereo; a film without audio has the music alone. */
export function withMusic(audio: readonly AudioRendition[], durationSeconds: number): AudioRendition[] {
  if (audio.length === 0) return [musicAlone(durationSeconds)];
  return audio.map((rendition) => ({
    ...rendition,
    ...asStereo(rendition),
    durationSeconds,
    channels: 2,
    bitrate: stereoBitrate,
  }));
}

const stereoBitrate = 128_000;

export function musicAlone(durationSeconds: number): AudioRendition {
  return {
    streamIndexes: [],
    durationSeconds,
    name: 'audio-0',
    label: 'Track 1',
    default: true,
    channels: 2,
    prepare: [],
    sampleRate: 48000,
    bitrate: stereoBitrate,
  };
}

type Streams = Pick<AudioRendition, 'streamIndexes' | 'join' | 'prepare'>;

/** ffmpeg makes the two sides of mono 3 dB softer. */
export function asStereo({
  streamIndexes,
  join,
  prepare,
  channels,
}: Streams & Pick<AudioRendition, 'channels'>): Streams {
  return {
    streamIndexes,
    ...(join === undefined ? {} : { join }),
    prepare: channels === 1 ? [...prepare, 'pan=stereo|c0=c0|c1=c0'] : prepare,
  };
}
