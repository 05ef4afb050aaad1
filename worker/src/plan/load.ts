import type { Plan, VideoPlan } from './plan.ts';
import { pixelsOf, x264CpuSeconds, x264Utilisation } from './work.ts';

/** What a worker has for its films. */
export interface MachineSize {
  cores: number;
  memoryMb: number;
}

/** What the making of a film takes of its machine. */
export interface Load {
  /** Of the machine's power to encode, on average over the whole time that the film takes: 1 leaves nothing idle. */
  share: number;
  memoryMb: number;
}

/** Each film has connections, files and processes open, and its message must be renewed. */
export const maxAtOnce = 16;

/** Up to here a quarter of the machine or more is idle: less is not worth a film that is hidden from other workers meanwhile. */
const busyShare = 0.75;

/**
 * What a film takes beside its encoding: reading its head, probing, starts of ffmpeg, uploads, playlists, the commit. It is mostly
 * waiting, and most of the time of a short film.
 */
const besideEncoding = { seconds: 2, cpuSeconds: 1.5 };

/**
 * Pixels that NVENC encodes in a second: the slowest chip that farms have (T4, preset `p5`, 264 frames of 1080p), at half of what NVIDIA's
 * application note has for it, as for costs (tools/cost/speeds.ts).
 */
const nvencPixelsPerSecond = (264 / 2) * 1920 * 1080;

/**
 * Resident memory of ffmpeg 5.1 with the ladder of 1080p (3.7 million pixels): 504 MB with `veryfast` and 3 threads for each rung, 864 MB with
 * 12, 1072 and 1482 MB with `slow`; 2191 MB with three rungs of 2160p (11.3 million) and 12 threads; 63 MB with one of 320 x 180. So bytes for
 * each pixel that comes out: some, more for each thread, and more for each frame that x264 looks ahead. The decoder was not in it: 30 frames.
 */
const processMb = 50;
const bytesPerPixel = { decoder: 45, encoder: 45, thread: 11, lookahead: 4 };

/** x264's `rc-lookahead` (x264 --fullhelp). */
const lookaheadFrames: Readonly<Record<string, number>> = {
  ultrafast: 0,
  superfast: 0,
  veryfast: 10,
  faster: 20,
  fast: 30,
  medium: 40,
  slow: 50,
};
const maxLookaheadFrames = 60;

/** The worker itself: docs/performance.md, "Memory". */
const ownMb = 200;

/** How many films say what the next one may be like. */
export const recentFilms = 8;

/**
 * Whether the worker takes one more message beside those in hand. A film that is not planned yet may be as large as the largest of those
 * before it; the first one may fill the machine, and then nothing is taken beside it, as another worker may be free.
 * @param loads undefined for what is not known yet
 * @param recent of the last films that were planned here
 */
export function hasRoom(loads: readonly (Load | undefined)[], recent: readonly Load[]): boolean {
  if (loads.length >= maxAtOnce) return false;
  const expected = recent.length === 0 ? 1 : Math.max(...recent.map(({ share }) => share));
  return loads.reduce((sum, load) => sum + (load?.share ?? expected), 0) < busyShare;
}

/** Whether a film that is planned may begin beside others. One that is alone always may. */
export function fitsMemory({ memoryMb }: Load, others: readonly Load[], machine: MachineSize): boolean {
  const taken = others.reduce((sum, other) => sum + other.memoryMb, 0);
  return others.length === 0 || taken + memoryMb <= machine.memoryMb - ownMb;
}

/** Audio and subtitles take little, and are made beside the video. */
export function loadOf({ video }: Pick<Plan, 'video'>, { cores }: MachineSize): Load {
  const cpuSeconds = besideEncoding.cpuSeconds / (cores * x264Utilisation);
  if (video === undefined) return { share: Math.min(1, 1 / cores), memoryMb: processMb };
  const encoding = encodingTime(video, cores);
  const wholeSeconds = besideEncoding.seconds + encoding.seconds;
  return {
    share: Math.min(1, (encoding.fullSeconds + cpuSeconds) / wholeSeconds),
    memoryMb: memoryOf(video),
  };
}

/** How long the video takes alone, and how long it would if it left nothing of the machine idle. */
function encodingTime(video: VideoPlan, cores: number): { seconds: number; fullSeconds: number } {
  const { durationSeconds, encoder, renditions, frameRate } = video;
  const framesPerSecond = frameRate.num / frameRate.den;
  if (encoder.name === 'nvenc') {
    const seconds = (durationSeconds * framesPerSecond * pixelsOf(renditions)) / nvencPixelsPerSecond;
    return { seconds, fullSeconds: seconds };
  }
  const work = { sourcePixels: sourcePixelsOf(video), framesPerSecond, renditions, preset: encoder.preset };
  const cpuSeconds = (durationSeconds * x264CpuSeconds(work)) / x264Utilisation;
  return { seconds: cpuSeconds / Math.min(cores, threadsOf(video)), fullSeconds: cpuSeconds / cores };
}

function memoryOf(video: VideoPlan): number {
  const { encoder, renditions } = video;
  const { decoder, thread, lookahead } = bytesPerPixel;
  const threads = encoder.name === 'x264' ? (encoder.threads ?? 1) : 0;
  const frames = encoder.name === 'x264' ? (lookaheadFrames[encoder.preset] ?? maxLookaheadFrames) : 0;
  const encoding = bytesPerPixel.encoder + threads * thread + frames * lookahead;
  return processMb + (sourcePixelsOf(video) * decoder + pixelsOf(renditions) * encoding) / 1_000_000;
}

/** The plan does not keep the source's size; its largest picture is seldom much smaller. */
function sourcePixelsOf({ renditions }: VideoPlan): number {
  return pixelsOf(renditions.slice(0, 1));
}

/** x264 gives a thread two rows of macroblocks at least (encoder/encoder.c, `max_threads`), so small pictures can't use many cores. */
function threadsOf({ renditions }: VideoPlan): number {
  return renditions.reduce((sum, { height }) => sum + Math.max(1, Math.floor(Math.ceil(height / 16) / 2)), 0);
}
