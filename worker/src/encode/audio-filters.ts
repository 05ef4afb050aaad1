import type { AudioRendition } from '../plan/plan.ts';

/** A millisecond of silence: the first of what is heard, and the reason why see `filters`. */
export const silence = 'aevalsrc=0:s=48000:d=0.001';

/** When the silence is heard: so far before the film that the gap behind it is filled whatever its rest. */
export const leadSeconds = 1;

/** Timestamps that are off by more are made good by silence or a cut; ffmpeg's own 0.1 s are seen as out of step. */
export const maxDriftSeconds = 0.015;

/** Places of ffmpeg's inputs. */
export interface AudioInputs {
  silence: number;
  film: number;
}

/** At the rendition's rate, or at its source's. */
type AudioShape = Pick<AudioRendition, 'channels'> & { sampleRate: number };

/** In ffmpeg's words. */
const layouts = { 1: 'mono', 2: 'stereo', 6: '5.1(side)' } as const;

/** As the encoder takes it. */
export function audioFormat({ sampleRate, channels }: AudioShape): string {
  return `aformat=sample_fmts=fltp:sample_rates=${sampleRate}:channel_layouts=${layouts[channels]}`;
}

/** With `rematrix_maxval` a mix of 5.1 does not clip: without, floating-point samples are added up as they are. */
export function mixFilters(rendition: AudioShape): string[] {
  return [`aresample=${rendition.sampleRate}:rematrix_maxval=1`, audioFormat(rendition)];
}
