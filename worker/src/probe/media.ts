import { RefusedError } from '../errors.ts';
import type { ClockStretch } from './clock.ts';
import type { Substream } from './immersive-audio.ts';

/** What the probe found, in our words. Pure data: it is part of what a plan is made from. */
export interface Media {
  /** ffmpeg's demuxer name, such as `mov,mp4,m4a,3gp,3g2,mj2` or `matroska,webm`. */
  format: string;
  /** True where ffmpeg can seek by an index and begin to decode there (MP4, MOV, Matroska and WebM with cues): such a film can be cut into parts. */
  indexed: boolean;
  /** True for a fragmented MP4 where ffmpeg may go by its table of fragments, if it has one: see `byFragmentTable`. */
  fragmentTable?: true;
  /** Length of the longest chosen stream in seconds, as the header says. */
  durationSeconds: number;
  /** The first timestamp of the chosen streams, in the container's own time. */
  startSeconds: number;
  sizeBytes: number;
  /** All streams in the file, whatever they hold. */
  streamCount: number;
  /** True where samples are encrypted (Common Encryption): the pictures can't be read without a key. */
  encrypted: boolean;
  /** Where the recording's clock jumps: the stretches in which it runs on. */
  clock?: ClockStretch[];
  video?: VideoStream;
  /** Streams that can be decoded, in the order of the file. */
  audio: AudioStream[];
  /** Subtitles that are text, in the order of the file. */
  text: TextStream[];
  /** Streams that were passed over, in words for the owner, such as `audio stream 2 (ac4) can't be decoded`. */
  leftOut: string[];
}

/** An exact fraction, such as 30000/1001. */
export interface Fraction {
  num: number;
  den: number;
}

export interface VideoStream {
  /** Index among all streams of the file, for `-map 0:INDEX`. */
  index: number;
  codec: string;
  profile?: string;
  pixelFormat: string;
  bitDepth: number;
  /** Size as stored, before rotation and before pixels are made square. */
  width: number;
  height: number;
  /** True where the container cuts the picture's edges off: `width` and `height` are what is left (from ffmpeg 7.1 on). */
  croppedByContainer?: true;
  /** True where the first frames can't be decoded, as no keyframe comes before them. */
  startsWithoutKeyframe?: true;
  /** Number of the Dolby Vision profile where no other display can show the colours. */
  dolbyVisionOnly?: number;
  /** Shape of a pixel; 1/1 where unknown. */
  pixelAspect: Fraction;
  /** Clockwise turn that a player applies: 0, 90, 180 or 270. */
  rotation: 0 | 90 | 180 | 270;
  frameRate: Fraction;
  /** True when frames do not come at one steady rate. */
  variableFrameRate: boolean;
  /** True when frames come at one rate, but the container rounds their times, as Matroska does to milliseconds. */
  roundedTimestamps: boolean;
  interlaced: boolean;
  /** True where a film of 24 frames a second was spread over 60 fields (3:2 pulldown). */
  telecined?: true;
  /** Transfer characteristics of HDR films; undefined for SDR. */
  hdr?: 'pq' | 'hlg';
  colorPrimaries?: string;
  colorTransfer?: string;
  colorSpace?: string;
  colorRange?: string;
  /** True where frames carry CEA-608 captions. */
  hasCaptions: boolean;
  startSeconds: number;
  durationSeconds: number;
  /**
   * By so much ffmpeg shows each frame too late, as the container stores when frames are decoded (AVI with B-frames). Below zero
   * too early, as an edit begins in the middle of a frame (MP4).
   */
  delaySeconds?: number;
}

/** Audio that is not for every viewer: spoken comments on the film, a description of what is seen, or a mix in which speech stands out. */
export type AudioRole = 'commentary' | 'description' | 'clear-speech';

/** In the language that the film was made in, or translated and spoken by others. */
export type AudioVersion = 'original' | 'dubbed';

export interface AudioStream {
  index: number;
  codec: string;
  channels: number;
  /** Undefined where ffmpeg calls it unknown. */
  channelLayout?: string;
  sampleRate: number;
  /** RFC 5646 tag as far as the file knows it, such as `en`; undefined when unknown. */
  language?: string;
  title?: string;
  default: boolean;
  /** Undefined for the film's ordinary audio. */
  role?: AudioRole;
  /** Where the file says so. */
  version?: AudioVersion;
  /** The streams of an immersive mix, this one first: pairs of left and right, then the centre, then low frequencies. */
  substreams?: Substream[];
  /** Looked for in long films alone, and not found in all. */
  cadence?: Cadence;
  /** Of AC-3 in 5.1 without a gap, where the header shows that. */
  wholeFrames?: WholeFrames;
  startSeconds: number;
  durationSeconds: number;
}

/**
 * How the packets of an audio stream follow each other, where each holds as many samples as the others: so the place of a sample
 * follows from its packet's time alone, wherever reading begins. Counted from the container's zero, in samples of the stream.
 */
export interface Cadence {
  /** 1 for PCM, whose packets hold any number of samples and have exact times. */
  packetSamples: number;
  /** Packets begin here, and at whole multiples of `packetSamples` from here. */
  offsetSamples: number;
}

/** Frames of AC-3 that all have the same size and the same header, one after another from the first to the last. */
export interface WholeFrames {
  bytes: number;
  /** The content of a `dac3` box (ETSI TS 102 366, F.4), in hex digits. */
  description: string;
}

/**
 * For whom subtitles are: all that is said, translated or not; the same and what is heard, for viewers who hear little (SDH); or only
 * what no viewer of the audio would understand.
 */
export const subtitleKinds = ['subtitles', 'sdh', 'forced'] as const;
export type SubtitleKind = (typeof subtitleKinds)[number];

export interface TextStream {
  index: number;
  codec: string;
  /** RFC 5646 tag as far as the file knows it. */
  language?: string | undefined;
  title?: string | undefined;
  kind: SubtitleKind;
}

/** The film's audio alone. @throws RefusedError `no-audio` */
export function withoutVideo({ video, ...media }: Media): Media {
  if (media.audio.length > 0) return media;
  throw noAudio();
}

export function noAudio(): RefusedError {
  return new RefusedError(
    'no-audio',
    'The film has no audio that can be decoded, and only audio files were asked for. Ask for "hls" or "mp4" too, or send another film.',
  );
}
