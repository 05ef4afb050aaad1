import { encoderArguments } from '../../../worker/src/encode/encoders.ts';
import { resolveLadder } from '../../../worker/src/plan/ladder.ts';
import type { VideoEncoder, VideoRendition } from '../../../worker/src/plan/plan.ts';
import { sizeRungs } from '../../../worker/src/plan/sizes.ts';
import { planRenditions } from '../../../worker/src/plan/video.ts';
import type { RawFilm } from './films.ts';
import type { Encode } from './measure.ts';

/** As on a worker with two vCPUs; x264's bytes depend on the number of threads. */
export const x264With = (preset: string): VideoEncoder => ({ name: 'x264', preset, threads: 3 });

const gopSeconds = 2;

const capFlags = new Set(['-maxrate', '-bufsize', '-rc_init_occupancy']);

export const anchorPreset = 'veryfast';

/** The presets whose curves have enough points to be compared. */
export const compared = [anchorPreset, 'medium'];

/** Of every film before qualities were measured. */
export const formerCrf = 23;

/**
 * CRFs of the largest rendition, by preset: the two that are compared have four, the others three, as a line through two misjudges their
 * bits by up to a tenth. The anchor's are those that a worker tries for `perFilmQuality` with a table that says 21, and one beyond:
 * nothing is encoded twice.
 */
export const topRuns: Readonly<Record<string, readonly number[]>> = {
  veryfast: [15, 21, 27, 33],
  medium: [18, 23, 28, 33],
  superfast: [20, 26, 28],
  slow: [20, 26, 28],
};

/** CRFs of the smaller renditions, with the anchor's preset; the first stands for what scaling alone leaves. */
export const rungRuns: readonly number[] = [10, 20, 28];

/** What the others are compared with: the curve between two CRFs is not quite what it is taken for. */
export const noFlag = 'none of them';

/** Flags of x264 that were tried on the largest rendition with the anchor's preset; behind those of the worker, the last one counts. */
export const trials: Readonly<Record<string, readonly string[]>> = {
  [noFlag]: [],
  'aq-mode 3': ['-aq-mode', '3'],
  'lookahead of 40 frames': ['-rc-lookahead', '40'],
  'tune film': ['-tune', 'film'],
};

/** Between two points of the anchor's curve, as the encodes with flags are: at a point the one without them would be exact, and the others not. */
export const trialCrf = 22;

/** The renditions that the standard ladder has of the film. */
export function renditionsOf(film: RawFilm): VideoRendition[] {
  const frameRate = { num: Math.round(film.framesPerSecond * 1000), den: 1000 };
  return planRenditions(
    sizeRungs(film, resolveLadder('standard', false)),
    { frameRate },
    { encoder: { name: 'x264', preset: anchorPreset } },
  );
}

/** Of the largest film, the largest first. */
export function renditionNames(films: readonly RawFilm[]): string[] {
  const names = films.map((film) => renditionsOf(film).map(({ name }) => name));
  return names.reduce((most, each) => (each.length > most.length ? each : most), []);
}

/**
 * One rendition as a worker encodes it, but for the cap on its bitrate: x264 keeps far below a cap in a film of seconds, and
 * what is asked here is what a quality costs.
 */
export function workerEncode(
  film: RawFilm,
  rendition: VideoRendition,
  { encoder, quality, more = [] }: { encoder: VideoEncoder; quality: number; more?: readonly string[] },
): Encode {
  const own = encoderArguments(encoder, { ...rendition, quality }).filter(
    (_, n, all) => ![all[n], all[n - 1]].some((each) => capFlags.has(each ?? '')),
  );
  const keyframes = ['-force_key_frames', `expr:gte(t,n_forced*${gopSeconds})`, '-flags', '+cgop'];
  const gop = ['-g', String(Math.ceil(film.framesPerSecond * gopSeconds * 2))];
  const { width, height } = rendition;
  return { passes: [[...own, ...keyframes, ...gop, ...more]], width, height };
}
