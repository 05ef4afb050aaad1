import type { ClockStretch } from '../probe/clock.ts';
import type { AudioRole, AudioVersion, Fraction, SubtitleKind, WholeFrames } from '../probe/media.ts';
import type { SegmentEncryption } from './encryption.ts';
import type { RungName } from './ladder.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import type { Size } from './sizes.ts';

/**
 * All that is decided about a film before anything is encoded, as data. It follows from the source's version, the
 * probe and the settings alone, so two workers make the same plan and its hash can name the output folder.
 */
export interface Plan {
  /** Twelve hex digits over all the rest and the source's version: the folder `<job id>/<plan id>/`. */
  id: string;
  sourceVersion: string;
  /** What encodes it, see `encodingIdentity`: parts that others make do not fit. Undefined in plans of older workers. */
  software?: string;
  durationSeconds: number;
  /** The film's zero in the container's own time: see `filmZero`. */
  zeroSeconds: number;
  /** Where the recording's clock jumps: the stretches in which it runs on, in the container's own time. */
  clock?: ClockStretch[];
  /** True where ffmpeg finds the source's fragments by a table, see `byFragmentTable`. */
  fragmentTable?: true;
  segmentSeconds: number;
  segmentFormat: 'fmp4' | 'mpegts';
  /** Undefined: segments are in clear. */
  encryption?: SegmentEncryption;
  /** What a film of joined clips consists of, in order of time; undefined for the film of a whole source. */
  clips?: ClipPlan[];
  /** Each clip but the last ends so long after the next one has begun, and becomes it meanwhile. Undefined for hard cuts. */
  crossfadeSeconds?: number;
  /** Undefined for audio-only films. */
  video?: VideoPlan;
  audio: AudioRendition[];
  /** What is heard under all of the audio. */
  music?: MusicPlan;
  /** What each audio rendition is brought to, in LUFS; undefined: they stay as loud as they are. */
  loudness?: number | undefined;
  /** Undefined for films without subtitles. */
  text?: TextRendition[] | undefined;
  /** Video parts in order of time, then audio parts in order of time, one for all subtitles, and one that measures how loud the audio is. */
  parts: Part[];
  /** What the owner should know, such as "audio track 3 was left out". */
  warnings: string[];
}

/**
 * A clip of a joined film. Clips lie on one time line: each begins and ends on the film's grid of frames, and consists of
 * parts like any film. What a clip says replaces what the plan says of the whole film.
 */
export interface ClipPlan {
  /** Which of the job's sources, see `sourcesOf`. */
  source: number;
  /** Film time. */
  startSeconds: number;
  endSeconds: number;
  /** Where the clip begins, in seconds from its own source's zero. */
  fromSeconds: number;
  /** True where it was not trimmed at its end: its last picture may stand a little. */
  toSourceEnd: boolean;
  /** The film's zero in the container's own time: before the source's first frame where the clip comes late in the film. */
  zeroSeconds: number;
  clock?: ClockStretch[];
  fragmentTable?: true;
  /** From where ffmpeg reads, see `seekInClip`: seconds before the first frame that is wanted; undefined: all that is before it. */
  seekSeconds?: number;
  /** Undefined in films of audio alone. */
  video?: ClipVideo;
  /** For each audio rendition what becomes it; null where the clip is silent. */
  audio: (Pick<AudioRendition, 'streamIndexes' | 'join' | 'prepare'> | null)[];
}

/** A track under the film's own audio, from its own zero on, and again from there when it ends. */
export interface MusicPlan extends Pick<ClipPlan, 'source' | 'zeroSeconds' | 'clock' | 'fragmentTable'> {
  /** 0 to 1, of how loud it is in its file. */
  volume: number;
  /** The volume while the film's own audio is heard; undefined: it stays. */
  duck?: number;
  audio: Pick<AudioRendition, 'streamIndexes' | 'join' | 'prepare'>;
}

/** What a clip has in place of the film's own, see `VideoPlan`. */
export type ClipVideo = Pick<VideoPlan, 'streamIndex' | 'delaySeconds' | 'prepare' | 'rgb'> &
  Required<Pick<VideoPlan, 'fit'>>;

/** Into the picture of the largest rendition. */
export interface FitPlan extends Size {
  /** Size that the clip is scaled to, and the filter that makes the picture's size of it. */
  filter?: string;
  /** The matrix that the clip is converted from, where it is not the film's. */
  fromMatrix?: string;
}

export interface VideoPlan {
  streamIndex: number;
  /** When the video ends, in seconds from the film's zero, as the header says. */
  durationSeconds: number;
  /** Taken off the times of all frames. */
  delaySeconds?: number;
  encoder: VideoEncoder;
  /**
   * Where frames are decoded and scaled. `gpu`: NVDEC, and frames stay in video memory. `upload`: the CPU decodes and
   * prepares, frames are uploaded once, the GPU scales and encodes. `cpu`: everything on the CPU.
   */
  path: 'gpu' | 'upload' | 'cpu';
  /** Filters between decoder and ladder, of CUDA on the path `gpu` (rotation is ffmpeg's own), e.g. `bwdif=mode=send_frame`. Ours alone: no text from outside. */
  prepare: string[];
  /** On the path `gpu`: the same for a part that the GPU can't decode, see `decodedByCpu`. */
  cpuPrepare?: string[];
  /** What all renditions say of their colours; they are in limited range. */
  colours: Colours;
  /** True where the source is red, green and blue: it is converted by the matrix of `colours`. */
  rgb: boolean;
  /** Undefined where the film has its own size. */
  fit?: FitPlan;
  /**
   * `source`: frames keep their timestamps. `constant`: frames are put on a grid of `frameRate` anchored at zero; so are
   * films in Matroska, whose millisecond timestamps are rounded.
   */
  timing: 'source' | 'constant';
  /** True for a film whose container lists all frames, and where their lengths vary, or are rounded (QuickTime's 600 ticks a second). */
  listsFrames?: boolean;
  frameRate: Fraction;
  /** True where the film's frames carry CEA-608 captions, which stay in them. */
  hasCaptions: boolean;
  /** Keyframes are this far apart; segments are a whole number of them. */
  gopSeconds: number;
  /** Largest first; each is scaled from the one before. */
  renditions: VideoRendition[];
  /** Texts and images over the film. */
  overlays?: OverlayPlan;
  /** Poster frame's time, in seconds from the film's start. */
  posterSeconds: number;
  storyboard: Storyboard;
}

/** What interlaced films become: a picture of each field, or one of each frame. */
export type Deinterlace = 'fields' | 'frames';

/** In ffmpeg's words. */
export interface Colours {
  primaries: string;
  transfer: string;
  matrix: string;
}

export type VideoEncoder =
  /** `threads`: x264's bytes depend on their number. Undefined: as many as ffmpeg takes. */
  { name: 'x264'; preset: string; threads?: number } | { name: 'nvenc'; preset: string };

export interface VideoRendition {
  /** Folder name, such as `1080p`. */
  name: RungName;
  width: number;
  height: number;
  /** What the encoder aims at: x264's CRF, NVENC's CQ. Undefined in plans of older workers. */
  quality?: number;
  /** Bits per second that no part exceeds on average. Easy films stay below, as the encoders aim at a quality. */
  bitrate: number;
  /** Size of the rate-control buffer in bits: what a short difficult passage may take on top. */
  bufferSize: number;
  profile: 'main' | 'high';
  /** H.264 level, such as `4.0`. */
  level: string;
}

export interface AudioRendition {
  /** One stream, or several that make one sound together: left and right, or an immersive mix. */
  streamIndexes: number[];
  /** When this audio ends, in seconds from the film's zero, as the header says. */
  durationSeconds: number;
  /** Folder name, such as `audio-0-en`: made from number and language tag only. */
  name: string;
  /** For people, and for NAME in the multivariant playlist. */
  label: string;
  language?: string;
  default: boolean;
  role?: AudioRole;
  version?: AudioVersion;
  /** Undefined: AAC. */
  codec?: 'ac3';
  /** 6: front left and right, centre, low frequencies, side left and right. */
  channels: 1 | 2 | 6;
  /** Filter that makes one stream of several. */
  join?: string;
  /** Filters of ours before the encoder, e.g. a `pan` where the channel layout is unknown. */
  prepare: string[];
  sampleRate: 44100 | 48000;
  bitrate: number;
  /** Frames that are published as they are in the source; undefined: the audio is encoded. */
  copied?: WholeFrames;
  /** In films whose audio is cut. */
  grid?: AudioGrid | undefined;
}

/** Where the samples of a source lie, on the film's time line: packets begin at `offsetSamples` and at whole multiples of their size from there. */
export interface AudioGrid {
  /** Of the source. */
  sampleRate: number;
  /** 1 where packets may begin at any sample. */
  packetSamples: number;
  offsetSamples: number;
}

/** Subtitles as WebVTT. */
export interface TextRendition {
  /** Folder name, such as `text-0-en`: made from number and language tag only. */
  name: string;
  /** For people, and for NAME in the multivariant playlist. */
  label: string;
  language?: string | undefined;
  kind: SubtitleKind;
  default: boolean;
  from: TextSource;
}

/** Where subtitles are read: a stream of the film, or a file beside it. */
export type TextSource =
  | { kind: 'stream'; index: number; codec: string }
  | { kind: 'file'; source: string; version: string; encoding?: string | undefined };

/** A time range of whole segments of video or audio, or all subtitles, or what must be known before the audio is made. */
export type Part = MediaPart | TextPart | LoudnessPart;

/** What ffmpeg makes media segments of. */
export type MediaPart = VideoPart | AudioPart;

export interface VideoPart {
  kind: 'video';
  index: number;
  startSeconds: number;
  /** Undefined for the last part: it goes on to the film's end. */
  endSeconds?: number;
  firstSegment: number;
  /** Where segments after the first begin, in seconds from the film's start. */
  segmentCuts: number[];
  /** Which of the plan's clips it is of. */
  clip?: number;
  /** In a crossfade: the clip that it becomes. */
  into?: number;
}

export interface AudioPart {
  kind: 'audio';
  index: number;
  /** Undefined where the audio is one part. */
  startSeconds?: number;
  /** Undefined for the last part, or the only one: it goes on to the end of the audio. */
  endSeconds?: number;
  firstSegment: number;
  /** Where segments after the first begin, in seconds from the film's start. */
  segmentCuts: number[];
}

export interface TextPart {
  kind: 'text';
  index: number;
  firstSegment: 0;
  segmentCuts: number[];
}

/** Measures the whole audio; parts of the audio wait for it. */
export interface LoudnessPart {
  kind: 'loudness';
  index: number;
  firstSegment: 0;
  segmentCuts: number[];
}

/** Sprites of small pictures for the player's time line; each video part makes its own sheets. */
export interface Storyboard {
  intervalSeconds: number;
  tileWidth: number;
  tileHeight: number;
  columns: number;
  rows: number;
}
