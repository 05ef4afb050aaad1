import type { QualityTable } from './quality.ts';

/** Written by `npm run bench -- quality --write`: change the measurement, and not this file. */
export const qualityTable: QualityTable = {
  measured: '2026-11-30, x264 veryfast and others, 7 films: grain, pan, dark, text, animation, head, water',
  crf: { saver: 26, standard: 21, high: 18 },
  presetShift: {
    veryfast: 0,
    medium: 2.2,
    superfast: 3.7,
    slow: 2.7,
    ultrafast: 3.7,
    faster: 2.2,
    fast: 2.2,
    slower: 2.7,
    veryslow: 2.7,
  },
  presetBits: {
    veryfast: 1,
    medium: 0.97,
    superfast: 1.19,
    slow: 0.87,
  },
  qualityBits: { saver: 0.55, standard: 1, high: 1.57 },
};
