import { type OwnQuality, ownQualityOf } from './own-quality.ts';
import type { VideoEncoder } from './plan.ts';
import type { Quality } from './quality.ts';
import { qualityTable } from './quality-table.ts';

/** x264's scale is fine; steps of half a point are as much as two films of a kind differ by. */
const step = 0.5;

/**
 * NVENC's CQ that looks like x264 `veryfast` with a CRF: published, and measured nowhere here
 * (https://github.com/ilia3101/MLV-App/issues/78).
 */
const nvencAboveX264 = 4;

/** What an encoder aims at so that the film looks as is wanted: x264's CRF, or NVENC's CQ. From the table that the bench writes, or the owner's. */
export function encoderQuality(encoder: VideoEncoder, quality: Quality, own?: OwnQuality): number {
  const calibrated = ownQualityOf(own, encoder, quality);
  if (calibrated !== undefined) return calibrated;
  const crf = qualityTable.crf[quality];
  if (encoder.name === 'nvenc') return Math.round(crf + nvencAboveX264);
  const shift = qualityTable.presetShift[encoder.preset] ?? 0;
  return Math.round((crf + shift) / step) * step;
}
