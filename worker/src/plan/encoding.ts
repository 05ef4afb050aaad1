import type { Ladder } from './ladder.ts';
import type { Deinterlace, Plan } from './plan.ts';

/** The settings of a farm that a plan follows from. */
export interface Encoding {
  ladder: Ladder;
  include480p: boolean;
  segmentSeconds: number;
  segmentFormat: Plan['segmentFormat'];
  deinterlace?: Deinterlace | undefined;
  /** Seconds, or a share of the film such as `10%`. */
  thumbnailAt: number | string;
  partSeconds?: number | undefined;
}

/** The settings that a job's `options` override. */
type JobOptions = Partial<Pick<Encoding, 'ladder' | 'include480p' | 'segmentSeconds' | 'thumbnailAt'>>;

/** The settings of the farm with the job's options laid over them. The order of the fields counts: films are recorded by a hash over it. */
export function encodingFor(settings: Encoding, options: JobOptions = {}): Encoding {
  return {
    ladder: options.ladder ?? settings.ladder,
    include480p: options.include480p ?? settings.include480p,
    segmentSeconds: options.segmentSeconds ?? settings.segmentSeconds,
    segmentFormat: settings.segmentFormat,
    // Left out where it is the default: films that were made before this setting keep their hash.
    deinterlace: settings.deinterlace === 'fields' ? undefined : settings.deinterlace,
    thumbnailAt: options.thumbnailAt ?? settings.thumbnailAt,
    partSeconds: settings.partSeconds,
  };
}
