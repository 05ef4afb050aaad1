import type { BackendName } from '../../infra/storage/names.ts';
import { type Quality, qualityNames } from '../../worker/src/plan/quality.ts';
import { qualityTable } from '../../worker/src/plan/quality-table.ts';
import { x264PresetEffort } from '../../worker/src/plan/work.ts';
import { prices } from './prices.ts';
import { storageMonth } from './storage-month.ts';

/** What a film comes to with the farm's preset and `standard`; the other choices follow from it by measured ratios. */
export interface FilmToPrice {
  durationSeconds: number;
  /** Of the whole ladder, with the preset `veryfast`. */
  bytes: number;
  /** What a viewer gets on average, in bits a second. */
  viewBitsPerSecond: number;
  /** Making the film with a preset, in US dollars. */
  makingUsd: (preset: string) => number;
}

export interface Choice {
  preset: string;
  quality: Quality;
  makingUsd: number;
  bytes: number;
  storageMonthUsd: number;
  hundredViewsUsd: number;
  /** Views from which it costs less than the preset that it is compared with, at the same quality; undefined: never. */
  paysFromViews?: number | undefined;
}

/** Films are taken to be kept a year. */
const monthsKept = 12;

/** The first tier behind the free terabyte, United States and Europe: https://aws.amazon.com/cloudfront/pricing/ */
const cloudFrontGbUsd = 0.085;

/** A segment of 6 s of picture and one of sound. */
const readsPerSecond = 2 / 6;

/** What leaves AWS for R2 or Wasabi, once. */
const transferUsd = (output: BackendName, bytes: number) =>
  output === 's3' ? 0 : (bytes / 1e9) * prices.internetOut.usd;

const viewUsd: Record<BackendName, (bits: number, seconds: number) => number> = {
  s3: (bits, seconds) => ((bits * seconds) / 8e9) * cloudFrontGbUsd,
  r2: (_, seconds) => seconds * readsPerSecond * prices.r2Read.usd,
  // Its policy of fair use expects no more than is stored; nothing is charged.
  wasabi: () => 0,
};

/** Presets that were measured, the quickest first. */
export const pricedPresets: readonly string[] = Object.keys(x264PresetEffort).filter(
  (preset) => qualityTable.presetBits[preset] !== undefined,
);

/** Every preset with every quality. @param base the preset that others are to pay against */
export function presetChoices(film: FilmToPrice, output: BackendName, base: string): Choice[] {
  return qualityNames.flatMap((quality) => {
    const choices = pricedPresets.map((preset) => choiceOf(film, output, preset, quality));
    const compared = choices.find(({ preset }) => preset === base);
    return choices.map((choice) => ({
      ...choice,
      paysFromViews: compared && paysFrom(choice, compared),
    }));
  });
}

function choiceOf(film: FilmToPrice, output: BackendName, preset: string, quality: Quality): Choice {
  const share = (qualityTable.presetBits[preset] ?? 1) * qualityTable.qualityBits[quality];
  const bytes = film.bytes * share;
  return {
    preset,
    quality,
    makingUsd: film.makingUsd(preset) + transferUsd(output, bytes),
    bytes,
    storageMonthUsd: storageMonth(output, bytes).usd,
    hundredViewsUsd: 100 * viewUsd[output](film.viewBitsPerSecond * share, film.durationSeconds),
  };
}

/** Making, a year of storage, and views. */
export function sumUsd({ makingUsd, storageMonthUsd, hundredViewsUsd }: Choice, views: number): number {
  return makingUsd + monthsKept * storageMonthUsd + (views / 100) * hundredViewsUsd;
}

function paysFrom(choice: Choice, base: Choice): number | undefined {
  const more = sumUsd(choice, 0) - sumUsd(base, 0);
  const saved = (base.hundredViewsUsd - choice.hundredViewsUsd) / 100;
  if (choice.preset === base.preset) return undefined;
  if (more <= 0) return saved >= 0 ? 0 : undefined;
  return saved > 0 ? Math.ceil(more / saved) : undefined;
}

/** The choice of a quality whose sum is least for so many views. */
export function cheapest(choices: readonly Choice[], quality: Quality, views: number): Choice {
  const [first, ...others] = choices.filter((choice) => choice.quality === quality);
  if (first === undefined) throw new TypeError(`There is no choice of quality ${quality}.`);
  return others.reduce((least, each) => (sumUsd(each, views) < sumUsd(least, views) ? each : least), first);
}
