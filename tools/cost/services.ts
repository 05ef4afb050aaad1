import { table, usd } from './markdown.ts';
import { mediaConvert } from './others.ts';
import { prices } from './prices.ts';
import type { CostReport } from './report.ts';

/** What somebody does with films: all of two hours, each kept for a year, so a year's films are stored at any time. */
export interface Usage {
  filmsPerMonth: number;
  /** Times that each film is watched to its end, all in its first month. */
  viewsPerFilm: number;
}

/** A way to have films made, stored and delivered, and what a month of it costs in US dollars once a year's films are stored. */
export interface Way {
  name: string;
  monthUsd(usage: Usage): number;
  /** How the figure is made, and where its rates were read. */
  how: string;
}

export const usages: readonly Usage[] = [1, 50, 1000, 10_000].flatMap((filmsPerMonth) =>
  [10, 1000].map((viewsPerFilm) => ({ filmsPerMonth, viewsPerFilm })),
);

const filmMinutes = 120;
const monthsKept = 12;
/** An assumption: a viewer gets 3 Mb/s on average, between the 540p and 720p rungs of the standard ladder. */
const viewGb = (3 * filmMinutes * 60) / 8 / 1000;

const storedMinutes = ({ filmsPerMonth }: Usage) => filmsPerMonth * monthsKept * filmMinutes;
const watchedMinutes = ({ filmsPerMonth, viewsPerFilm }: Usage) => filmsPerMonth * viewsPerFilm * filmMinutes;
const watchedGb = ({ filmsPerMonth, viewsPerFilm }: Usage) => filmsPerMonth * viewsPerFilm * viewGb;

/** Segments of 6 s, audio and video apart, none of them from a cache. */
const readsPerView = (2 * filmMinutes * 60) / 6;

/** GB at each rate, up to which amount of GB. */
type Tiers = readonly (readonly [upToGb: number, usd: number])[];

/** United States and Europe: https://aws.amazon.com/cloudfront/pricing/, with 1 TB a month free for good. */
const cloudFrontTiers: Tiers = [
  [1000, 0],
  [10_000, 0.085],
  [50_000, 0.08],
  [150_000, 0.06],
  [500_000, 0.04],
  [1_024_000, 0.03],
  [5_000_000, 0.025],
  [Number.POSITIVE_INFINITY, 0.02],
];

/** @returns US dollars for this many GB, each at the rate of its tier */
export function tiered(gb: number, tiers: Tiers): number {
  let from = 0;
  let sum = 0;
  for (const [upTo, usd] of tiers) {
    sum += Math.max(0, Math.min(gb, upTo) - from) * usd;
    from = upTo;
  }
  return sum;
}

/** This farm on a stack that keeps films in S3 behind CloudFront, or in R2, whose delivery is free. */
export function farmWay({ farm, film, idle, stack }: CostReport, filmUsd: number): Way {
  const storedGb = ({ filmsPerMonth }: Usage) => (filmsPerMonth * monthsKept * film.publishedBytes) / 1e9;
  const isR2 = farm.output === 'r2';
  return {
    name: `this farm, ${stack}`,
    monthUsd: (usage) =>
      idle.listUsd +
      usage.filmsPerMonth * filmUsd +
      storedGb(usage) * (isR2 ? prices.r2Storage.usd : prices.s3Storage.usd) +
      (isR2
        ? usage.filmsPerMonth * usage.viewsPerFilm * readsPerView * prices.r2Read.usd
        : tiered(watchedGb(usage), cloudFrontTiers)),
    how: isR2
      ? 'idle month, films (with their transfer out of AWS), storage in R2; delivery from R2 is free, each segment is one read'
      : 'idle month, films, storage in S3 Standard, delivery by CloudFront with its free terabyte; requests of viewers are left out',
  };
}

/** MediaConvert makes the ladder; storage and delivery as on this farm with S3. */
export function mediaConvertWay({ film }: CostReport): Way {
  const each = mediaConvert(film.plan);
  return {
    name: 'MediaConvert, S3, CloudFront',
    monthUsd: (usage) =>
      usage.filmsPerMonth * (each.filmUsd?.from ?? 0) +
      ((usage.filmsPerMonth * monthsKept * film.publishedBytes) / 1e9) * prices.s3Storage.usd +
      tiered(watchedGb(usage), cloudFrontTiers),
    how: `${each.how}. Its rate falls with volume (by up to three quarters, by reports of September 2024), which is left out`,
  };
}

/** Services that encode, store and deliver. List prices without a contract's discounts. */
export function services({ film }: CostReport): Way[] {
  const storedGb = ({ filmsPerMonth }: Usage) => (filmsPerMonth * monthsKept * film.publishedBytes) / 1e9;
  return [
    {
      name: 'Cloudflare Stream',
      // Stored minutes are sold by the thousand.
      monthUsd: (usage) => Math.ceil(storedMinutes(usage) / 1000) * 5 + watchedMinutes(usage) / 1000,
      how: 'encoding is free; $5 for each 1,000 minutes stored, sold by the thousand, and $1 for each 1,000 minutes delivered (https://developers.cloudflare.com/stream/pricing/, July 2026)',
    },
    {
      name: 'Mux, basic quality',
      monthUsd: (usage) => {
        const paidMinutes = Math.max(0, watchedMinutes(usage) - 100_000);
        return Math.max(0, storedMinutes(usage) * 0.0024 + paidMinutes * 0.0008 - 20);
      },
      how: 'encoding is free at basic quality, which has a reduced ladder; $0.0024 a minute stored and $0.0008 a minute delivered after 100,000 free ones, less $20 of monthly credit (https://www.mux.com/docs/pricing/video as transcribed by https://github.com/api-evangelist/mux-com, May 2026). Volume discounts and cold storage, which lower it, are left out',
    },
    {
      name: 'Bunny Stream',
      monthUsd: (usage) => storedGb(usage) * 0.02 + watchedGb(usage) * 0.01,
      how: 'encoding is free (https://docs.bunny.net/stream/encoding); storage in two regions at $0.01 a GB each and delivery in Europe and North America at $0.01 a GB (https://bunny.net/pricing/, not confirmed; its volume network costs half)',
    },
  ];
}

/** A line for each way, a column for each usage, and how each line is made. */
export function servicesTable(ways: readonly Way[]): string {
  const heads = usages.map(
    ({ filmsPerMonth, viewsPerFilm }) =>
      `${whole(filmsPerMonth)} ${filmsPerMonth === 1 ? 'film' : 'films'}, ${whole(viewsPerFilm)} views:`,
  );
  const rows = ways.map(({ name, monthUsd }) => [name, ...usages.map((usage) => dollars(monthUsd(usage)))]);
  return [
    table(['a month, in US dollars', ...heads], rows),
    ways.map(({ name, how }) => `- ${name}: ${how}.`).join('\n'),
  ].join('\n\n');
}

function whole(amount: number): string {
  return amount.toLocaleString('en-US');
}

/** No more digits than the rates deserve. */
function dollars(amount: number): string {
  if (amount < 10) return usd(amount);
  return `$${Number(amount.toPrecision(2)).toLocaleString('en-US')}`;
}
