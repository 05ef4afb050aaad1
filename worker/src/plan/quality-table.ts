import type { Quality } from './quality.ts';

/** Written by `npm run bench -- quality --write`: change the measurement, and not this file. */
export const qualityTable: {
  measured: string;
  /** CRF of x264 `veryfast` with which films have the VMAF of the quality, on average over the films. */
  crf: Readonly<Record<Quality, number>>;
  /** What other presets add to it for the same VMAF. */
  presetShift: Readonly<Record<string, number>>;
  /** Their bits at the same VMAF, `veryfast` being 1; only of presets that were measured. */
  presetBits: Readonly<Record<string, number>>;
  /** Bits of the qualities, `standard` being 1. */
  qualityBits: Readonly<Record<Quality, number>>;
} = {
  measured: '',
  crf: { saver: 26, standard: 21, high: 18 },
  presetShift: {},
  presetBits: { veryfast: 1 },
  qualityBits: { saver: 1, standard: 1, high: 1 },
};
