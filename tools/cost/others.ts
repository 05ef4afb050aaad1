import type { FilmPlan } from './film.ts';
import { hoursPerMonth, prices } from './prices.ts';

/** What somebody else asks, or pays, for a film of two hours, as far as it is known. */
export interface Other {
  name: string;
  /** US dollars, from and to; undefined where nothing is known. */
  filmUsd?: { from: number; to: number };
  /** How the figure is made, or why there is none. */
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

/** Five ways in which farms of this kind are run, each of which is a stack file here. */
export const knownFarms: readonly Other[] = [
  {
    name: 'a farm for match footage (g4dn.xlarge, Wasabi)',
    filmUsd: { from: 0.13, to: 0.22 },
    how: 'its own documents: 25 min for a match of 2 h, three at once or one On-Demand; the command that they show makes one rendition of 2 Mb/s, not a ladder',
  },
  { name: 'a film site (Spot GPU, R2)', how: 'neither its speed nor its costs are known' },
  {
    name: 'an upload portal (Fargate behind a load balancer)',
    how: `neither its speed nor its costs are known; its load balancer alone is $${(prices.loadBalancer.usd * hoursPerMonth).toFixed(2)} a month, before the first film`,
  },
  { name: 'an inbox (S3 to S3, Fargate)', how: 'neither its speed nor its costs are known' },
  {
    name: 'an always-on farm (Fargate, one task always)',
    how: "neither its speed nor its task's size is known, so what it pays for waiting is not either",
  },
];
