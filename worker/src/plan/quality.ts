/** How good films look, whatever the preset: presets change what that costs. */
export const qualityNames = ['saver', 'standard', 'high'] as const;
export type Quality = (typeof qualityNames)[number];

export const defaultQuality: Quality = 'standard';

/**
 * VMAF of the largest rendition. From 93 to 95 viewers stop noticing that a film was encoded; sites for their users' films lie
 * between 84 and 92 (https://streaminglearningcenter.com/encoding/finding-the-optimal-top-rung-data-rate.html).
 */
export const vmafTargets: Readonly<Record<Quality, number>> = { saver: 88, standard: 93, high: 95 };
