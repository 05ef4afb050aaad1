import type { BackendName } from '../../infra/storage/names.ts';
import { defaultQuality } from '../../worker/src/plan/quality.ts';
import { workOf } from './film.ts';
import type { FilmCost } from './film-cost.ts';
import { table, usd } from './markdown.ts';
import { type Choice, cheapest, type FilmToPrice, presetChoices } from './preset-choices.ts';
import type { CostReport } from './report.ts';
import { x264Speed } from './speeds.ts';

/** An assumption, as in "Beside services": between the 540p and 720p rungs of the standard ladder. */
export const viewBitsPerSecond = 3_000_000;

/**
 * What a film takes of the ladder's bitrates with `veryfast` and `standard`: an assumption, with which no preset and quality is above
 * them.
 */
export const shareOfLadder = 0.5;

const names: Record<BackendName, string> = {
  s3: 'S3 with CloudFront',
  r2: 'R2',
  wasabi: 'Wasabi',
};

/** What each preset and quality costs on this stack's machine. @param best the cheapest way to make the film */
export function presetFigures({ film, farm }: CostReport, best: FilmCost): string | undefined {
  const { worker, output } = farm;
  // NVENC's presets were not measured.
  if (worker.kind === 'gpu') return undefined;
  const hourUsd = best.workerUsd / best.hours;
  const { plan } = film;
  const toPrice: FilmToPrice = {
    durationSeconds: plan.durationSeconds,
    bytes: film.publishedBytes * shareOfLadder,
    viewBitsPerSecond,
    makingUsd: (preset) => {
      const { filmSecondsPerSecond } = x264Speed({ ...workOf(plan), preset }, worker.vcpus);
      return best.requestsUsd + (plan.durationSeconds / filmSecondsPerSecond / 3600) * hourUsd;
    },
  };
  const base = plan.video.encoder.preset;
  const outputs = [output, ...(['s3', 'r2', 'wasabi'] as const).filter((name) => name !== output)];
  return [
    `The same film on ${best.machine}. A preset changes what a quality costs, and not how it looks. Sizes are those of a film that takes half of the ladder's bitrates with \`veryfast\` and \`standard\`, an assumption; the ratios between them were measured ([quality.md](quality.md)). Only presets that were measured are listed. With the setting \`expectedViews\`, or \`options.expectedViews\` in a job, workers choose by the same estimate: from how many views on which preset is taken is computed at \`pulumi up\`, for this film on the stack's machines and storage, and kept in the workers' variable \`VIEW_PRESETS\`.`,
    ...outputs
      .slice(0, 3)
      .flatMap((name) => [
        `**${names[name]}**`,
        table(
          ['quality', 'preset', 'making:', 'GB:', 'a month:', '100 views:', `pays against ${base} from:`],
          rowsOf(presetChoices(toPrice, name, base), base),
        ),
        [10, 100, 1000].map((views) => cheapestLine(presetChoices(toPrice, name, base), views)).join('\n'),
      ]),
  ].join('\n\n');
}

function rowsOf(choices: readonly Choice[], base: string): string[][] {
  return choices.map((choice) => [
    choice.quality,
    choice.preset,
    usd(choice.makingUsd),
    (choice.bytes / 1e9).toFixed(1),
    usd(choice.storageMonthUsd),
    usd(choice.hundredViewsUsd),
    choice.preset === base ? '' : paysText(choice.paysFromViews),
  ]);
}

export function paysText(views: number | undefined): string {
  if (views === undefined) return 'never';
  return views <= 1 ? 'the first view' : `${views.toLocaleString('en-US')} views`;
}

function cheapestLine(choices: readonly Choice[], views: number): string {
  const { preset } = cheapest(choices, defaultQuality, views);
  return `- With ${views.toLocaleString('en-US')} views and a year of storage, \`${preset}\` costs least.`;
}
