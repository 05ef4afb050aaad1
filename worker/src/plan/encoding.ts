import type { Fit } from './fit.ts';
import { type Ladder, resolveLadder } from './ladder.ts';
import type { MusicOptions } from './music-options.ts';
import { fileOutputs, isOfRung, type OutputName, wantsVideo } from './outputs.ts';
import type { OwnQuality } from './own-quality.ts';
import type { Deinterlace, Plan } from './plan.ts';
import { defaultQuality, type Quality } from './quality.ts';

/** The settings of a farm that a plan follows from. */
export interface Encoding {
  ladder: Ladder;
  include480p: boolean;
  /** @default standard */
  quality?: Quality | undefined;
  /** The owner's CRFs and CQs, where those of this program are not to be taken. */
  qualityTable?: OwnQuality | undefined;
  /** True where each film has a CRF of its own. */
  perFilmQuality?: true | undefined;
  segmentSeconds: number;
  segmentFormat: Plan['segmentFormat'];
  deinterlace?: Deinterlace | undefined;
  /** Seconds, or a share of the film such as `10%`. */
  thumbnailAt: number | string;
  partSeconds?: number | undefined;
  /** What the audio is brought to, in LUFS. Undefined: it stays as loud as it is. */
  loudness?: number | undefined;
  /** True where no stream is made, whose players alone have a use for surround sound. */
  stereoOnly?: true | undefined;
  /** True where nothing is made of the video. */
  audioOnly?: true | undefined;
  /** How joined clips of another shape come into the frame. @default pad */
  fit?: Fit | undefined;
  /** Size of joined clips, such as `1280x720`. */
  size?: string | undefined;
  /** Seconds in which a joined clip becomes the next one. */
  crossfade?: number | undefined;
  /** What is heard under the film. */
  music?: MusicOptions | undefined;
}

/** The settings that a job's `options` override. */
type JobEncoding = Partial<
  Pick<
    Encoding,
    | 'ladder'
    | 'include480p'
    | 'quality'
    | 'segmentSeconds'
    | 'thumbnailAt'
    | 'fit'
    | 'size'
    | 'crossfade'
    | 'music'
  > & {
    outputs: OutputName[];
    loudness: number | 'off';
  }
>;

/** The settings of the farm with the job's options laid over them. The order of the fields counts: films are recorded by a hash over it. */
export function encodingFor(settings: Encoding, options: JobEncoding = {}): Encoding {
  const { outputs = ['hls'] } = options;
  const ladder = options.ladder ?? settings.ladder;
  return {
    ladder: outputs.includes('hls') ? ladder : ladderOfFiles(ladder, outputs),
    include480p: options.include480p ?? settings.include480p,
    segmentSeconds: options.segmentSeconds ?? settings.segmentSeconds,
    segmentFormat: settings.segmentFormat,
    // Left out where it is the default: films that were made before this setting keep their hash.
    deinterlace: leftOut(settings.deinterlace, 'fields'),
    thumbnailAt: options.thumbnailAt ?? settings.thumbnailAt,
    partSeconds: settings.partSeconds,
    audioOnly: wantsVideo(outputs) ? undefined : true,
    fit: options.fit,
    // Left out where it is the default, as above.
    quality: leftOut(options.quality ?? settings.quality, defaultQuality),
    size: options.size,
    stereoOnly: outputs.includes('hls') ? undefined : true,
    loudness: leftOut(options.loudness ?? settings.loudness, 'off'),
    crossfade: options.crossfade,
    music: options.music,
    qualityTable: settings.qualityTable,
    perFilmQuality: settings.perFilmQuality,
  };
}

function leftOut<T, F extends T>(value: T, fallback: F): Exclude<T, F> | undefined {
  return value === fallback ? undefined : (value as Exclude<T, F>);
}

/** Only the rungs that files are made of; a file without one is made of the largest. */
function ladderOfFiles(ladder: Ladder, outputs: readonly OutputName[]): Ladder {
  const videos = fileOutputs(outputs).filter(({ format }) => isOfRung(format));
  if (videos.length === 0) return ladder;
  const all = resolveLadder(ladder, false);
  const rungs = new Set(videos.flatMap(({ rung = all[0]?.name }) => (rung === undefined ? [] : [rung])));
  const spelledOut = typeof ladder === 'string' ? [] : ladder;
  return [...rungs].map((rung) => spelledOut.find((each) => each.rung === rung) ?? { rung });
}
