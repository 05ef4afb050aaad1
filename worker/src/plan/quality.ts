/** How good films look, whatever the preset: presets change what that costs. */
export const qualityNames = ['saver', 'standard', 'high'] as const;
export type Quality = (typeof qualityNames)[number];

export const defaultQuality: Quality = 'standard';

/**
 * VMAF of the largest rendition. From 93 to 95 viewers stop noticing that a film was encoded; sites for their users' films lie
 * between 84 and 92 (https://streaminglearningcenter.com/encoding/finding-the-optimal-top-rung-data-rate.html).
 */
export const vmafTargets: Readonly<Record<Quality, number>> = { saver: 88, standard: 93, high: 95 };

/** What `npm run bench -- quality` measured. */
export interface QualityTable {
  measured: string;
  /**
   * CRF of x264 `veryfast` with which the largest renditions have the VMAF of the quality, on average over the films. The smaller ones have
   * it too: more bits for them would look better in the rendition above (docs/quality.md).
   */
  crf: Readonly<Record<Quality, number>>;
  /** What other presets add to it for the same VMAF. */
  presetShift: Readonly<Record<string, number>>;
  /** Their bits at the same VMAF, `veryfast` being 1; only of presets that were measured. */
  presetBits: Readonly<Record<string, number>>;
  /** Bits of the qualities, `standard` being 1. */
  qualityBits: Readonly<Record<Quality, number>>;
}
