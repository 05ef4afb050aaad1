import type { FilmPlan } from './film.ts';
import { prices } from './prices.ts';

/** What somebody else asks, or pays, for a film of two hours, as far as it is known. */
export interface Other {
  name: string;
  /** US dollars, from and to; undefined where nothing is known. */
  filmUsd?: { from: number; to: number };
  /** How the figure is made, or why no figure is known. */
  how: string;
}

/** AWS Elemental MediaConvert, Basic tier, with one AVC output for each of our renditions. */
export function mediaConvert({ video, durationSeconds }: FilmPlan): Other {
  const fast = video.frameRate.num / video.frameRate.den > 30;
  const multipliers = video.renditions.map((size) => sizeMultiplier(size) * (fast ? 2 : 1));
  const normalized = multipliers.reduce((sum, one) => sum + one, 0);
  const usd = (durationSeconds / 60) * normalized * prices.mediaConvertMinute.usd;
  return {
    name: 'AWS Elemental MediaConvert, Basic tier',
    filmUsd: { from: usd, to: usd },
    how: `${durationSeconds / 60} min × ${normalized} normalized minutes (${multipliers.join(' + ')} for ${video.renditions.map(({ name }) => name).join(', ')}) × $${prices.mediaConvertMinute.usd}; sound, storage and requests not counted`,
  };
}

/** SD up to but not including 1280x720, HD up to 1920x1080, 4K above: https://aws.amazon.com/mediaconvert/pricing/ */
function sizeMultiplier({ width, height }: { width: number; height: number }): number {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (long > 1920 || short > 1080) return 4;
  return long >= 1280 && short >= 720 ? 2 : 1;
}

/** Bitmovin's encoder, which leaves storage and delivery to its user. */
export function bitmovin({ video, durationSeconds }: FilmPlan): Other {
  const multipliers = video.renditions.map((size) => (sizeMultiplier(size) > 1 ? 2 : 1));
  const minutes = (durationSeconds / 60) * multipliers.reduce((sum, one) => sum + one, 0);
  return {
    name: 'Bitmovin VOD encoding',
    filmUsd: { from: 0, to: minutes * 0.02 },
    how: `${minutes} minutes (HD counts twice) × $0.02, the first 2,000 of a month free (https://bitmovin.com/pricing, not confirmed)`,
  };
}
