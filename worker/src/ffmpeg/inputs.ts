import type { Writable } from 'node:stream';

/**
 * URL of the source server on loopback, of WebVTT that the worker itself has made, a still image on this disk, a test picture made by
 * ffmpeg itself, or audio that the worker writes.
 */
export type FfmpegInput =
  | { url: string }
  | { textUrl: string }
  | { imagePath: string; format: ImageFormat }
  | { lavfi: string }
  | { samples: readonly SampleInput[]; onOpen: (streams: Writable[]) => void };

export type ImageFormat = 'png' | 'jpeg' | 'webp';

/** Samples in 32-bit floating point, little-endian. */
export interface SampleInput {
  sampleRate: number;
  channels: number;
}

/**
 * Real containers only: playlists, `concat` scripts, SDP and the like point elsewhere, and a text file named .mp4 is
 * opened as such without this list.
 */
const inputFormats = [
  ['mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2'],
  ['matroska', 'webm'],
  [
    'mpegts',
    'mpeg',
    'mpegvideo',
    'avi',
    'flv',
    'live_flv',
    'asf',
    'mxf',
    'ogg',
    'gxf',
    'wtv',
    'dv',
    'nut',
    'ivf',
    'rm',
  ],
  ['mp3', 'aac', 'flac', 'wav', 'w64', 'aiff', 'ac3', 'eac3', 'amr', 'caf', 'h264', 'hevc', 'm4v'],
].flat();

/**
 * The most memory that ffmpeg asks for at once. The largest frame that is allowed takes half of it; a PNG of 1.5 MB, as an image or as
 * the video of a film, has a compressed profile or comment that takes 3 to 9 GB otherwise.
 */
export const memoryLimit = ['-max_alloc', String(512 * 2 ** 20)];

export interface FilmLimits {
  /** Decoders refuse larger frames at once, before they ask for memory. */
  maxPixels: number;
  maxStreams: number;
}

/** What stands before the `-i` of every film: whatever the file says, it can lead nowhere else and take no more than this. */
export function filmLimits({ maxPixels, maxStreams }: FilmLimits): string[] {
  return [
    ...['-protocol_whitelist', 'http,tcp', '-format_whitelist', inputFormats.join(',')],
    '-max_streams',
    // One more than allowed: current versions leave out streams over this number without a word, and the probe counts.
    String(maxStreams + 1),
    '-max_pixels',
    String(maxPixels),
  ];
}

/** One format, and nothing that the file could point to. */
function imageLimits(format: ImageFormat, maxPixels: number): string[] {
  const demuxer = `${format}_pipe`;
  return [
    ...['-protocol_whitelist', 'file', '-format_whitelist', demuxer],
    ...['-max_pixels', String(maxPixels), '-f', demuxer],
  ];
}

const sampleLimits = ['-protocol_whitelist', 'pipe', '-format_whitelist', 'f32le', '-f', 'f32le'];

function sampleInput({ sampleRate, channels }: SampleInput, descriptor: number): string[] {
  const format = ['-ar', String(sampleRate), '-ac', String(channels)];
  return [...sampleLimits, ...format, '-i', `pipe:${descriptor}`];
}

const textLimits = ['-protocol_whitelist', 'http,tcp', '-format_whitelist', 'webvtt', '-f', 'webvtt'];

/**
 * An input with the limits of its kind before it.
 * @param args of the caller, before the `-i`
 * @param firstPipe the descriptor from which ffmpeg reads the first of several `samples`
 */
export function inputArguments(
  input: FfmpegInput,
  args: readonly string[],
  limits: FilmLimits,
  firstPipe: number,
): string[] {
  if ('url' in input) return [...filmLimits(limits), ...args, '-i', input.url];
  if ('textUrl' in input) return [...textLimits, ...args, '-i', input.textUrl];
  if ('samples' in input) return input.samples.flatMap((each, n) => sampleInput(each, firstPipe + n));
  if ('lavfi' in input) return [...args, '-f', 'lavfi', '-i', input.lavfi];
  return [...imageLimits(input.format, limits.maxPixels), ...args, '-i', input.imagePath];
}
