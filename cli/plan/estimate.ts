import { pricedRegion, pricesDate } from '../../tools/cost/prices.ts';
import type { Plan } from '../../worker/src/plan/plan.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import { hourUsd, type Machine, type Market, speedOf } from './machine.ts';
import { type SpotPrice, tablePrice } from './table-price.ts';

/** How long it takes and what it costs, about. */
export interface Estimate {
  /** From the first frame to the last. */
  seconds: number;
  /** Workers that make the film together. */
  workers: number;
  /** `measured` on x264; `limit`: a share of the chip's published limit, as no GPU was at hand. */
  basis: 'measured' | 'limit';
  /** How it was estimated, in a sentence. */
  how: string;
  /** US dollars of compute for this film alone: no start, no idle time. */
  costs: { market: Market; usd: number }[];
  /** Of a GPU instance, where its price is known; the higher one is in `costs`. */
  spotPrice?: SpotPrice;
  /** What the figures leave out. */
  notes: string[];
}

/**
 * @param workers the most that may make this film together
 * @param asked what AWS says of a GPU instance; else the table's price is taken
 * @returns undefined for films without video: audio takes next to nothing
 */
export function estimate(
  media: Media,
  plan: Plan,
  machine: Machine,
  workers: number,
  asked?: SpotPrice,
): Estimate | undefined {
  if (!media.video || !plan.video) return undefined;
  const { frameRate, renditions, encoder, prepare } = plan.video;
  const speed = speedOf(machine, {
    sourcePixels: media.video.width * media.video.height,
    framesPerSecond: frameRate.num / frameRate.den,
    renditions,
    preset: encoder.preset,
  });
  const workSeconds = plan.video.durationSeconds / speed.filmSecondsPerSecond;
  const videoParts = plan.parts.filter(({ kind }) => kind === 'video').length;
  const markets = machine.kind === 'here' ? [] : machine.markets;
  const onSpot = machine.kind === 'gpu' && markets.includes('spot') ? machine.instanceType : undefined;
  const spotPrice = onSpot && (asked ?? tablePrice(onSpot));
  return {
    ...estimateOf(workSeconds, videoParts, machine, workers, spotPrice),
    basis: speed.basis,
    how: speed.how,
    ...(spotPrice && { spotPrice }),
    notes: [
      ...(prepare.length > 0 || plan.video.path === 'upload'
        ? ['what the CPU does before the encoder (deinterlacing, tone mapping, decoding) is not in it']
        : []),
      ...(markets.length > 0 ? [`prices of ${pricedRegion}, ${pricesDate}`] : []),
      ...(onSpot ? [spotNote(onSpot, spotPrice)] : []),
    ],
  };
}

/** Where the price on Spot is from, and of when. */
function spotNote(instanceType: string, price: SpotPrice | undefined): string {
  const notAsked = 'AWS was not asked or did not answer';
  if (price === undefined) return `Spot: ${notAsked}, and docs/cost.md has no price of ${instanceType}`;
  const { from, to, region, source, date } = price;
  const dollars = (usd: number) => `$${usd.toFixed(4)}`;
  const range = from === to ? dollars(from) : `${dollars(from)} to ${dollars(to)} by zone, the higher taken,`;
  const where = source === 'aws' ? 'as AWS said now' : `the figure of docs/cost.md (${notAsked})`;
  return `Spot: ${range} an hour of ${instanceType} in ${region}, ${date}, ${where}`;
}

/** What some seconds of one worker's time are, shared by as many as there are parts. */
export function estimateOf(
  workSeconds: number,
  parts: number,
  machine: Machine,
  workers: number,
  spotPrice: SpotPrice | undefined,
): Pick<Estimate, 'seconds' | 'workers' | 'costs'> {
  const together = Math.max(1, Math.min(workers, parts));
  const markets = machine.kind === 'here' ? [] : machine.markets;
  return {
    seconds: workSeconds / together,
    workers: together,
    costs: markets.flatMap((market) => {
      const usd = hourUsd(machine, market, spotPrice);
      return usd === undefined ? [] : [{ market, usd: (workSeconds / 3600) * usd }];
    }),
  };
}
