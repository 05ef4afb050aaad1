import type { Settings } from '../settings/settings.ts';
import type { Deinterlace } from './plan.ts';

/** The settings of a farm that a plan follows from. */
export type Encoding = Pick<
  Settings['encoding'],
  'ladder' | 'include480p' | 'segmentSeconds' | 'segmentFormat' | 'thumbnailAt' | 'partSeconds'
> & { deinterlace?: Deinterlace | undefined };

/** Those that a job may have otherwise, by its `options`. */
type Wishes = Partial<Pick<Encoding, 'ladder' | 'include480p' | 'segmentSeconds' | 'thumbnailAt'>>;

/** The settings of the farm with the job's options laid over them. The order of the fields counts: films are recorded by a hash over it. */
export function encodingFor(settings: Encoding, options: Wishes = {}): Encoding {
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
