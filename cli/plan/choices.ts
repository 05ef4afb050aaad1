import type { BackendName } from '../../infra/storage/names.ts';
import { usd } from '../../tools/cost/markdown.ts';
import { publishedBytes } from '../../tools/cost/plain-film.ts';
import { type Choice, cheapest, presetChoices } from '../../tools/cost/preset-choices.ts';
import { paysText, shareOfLadder, viewBitsPerSecond } from '../../tools/cost/preset-section.ts';
import type { Plan } from '../../worker/src/plan/plan.ts';
import type { Quality } from '../../worker/src/plan/quality.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import type { Style } from '../text/style.ts';
import { textTable } from '../text/table.ts';
import { estimate } from './estimate.ts';
import type { Machine } from './machine.ts';

/** What every preset and quality costs for a film. */
export interface ChoicesView {
  views: number;
  output: BackendName;
  quality: Quality;
  /** The preset that the film would be made with. */
  planned: string;
  choices: Choice[];
  /** The preset whose making, year of storage and views cost least, at the quality that is asked for. */
  cheapest: string;
}

/** @returns undefined where the presets were not measured (NVENC), and where nothing is paid for (this machine) */
export function choicesOf(
  media: Media,
  plan: Plan,
  machine: Machine,
  { views, output, quality }: { views: number; output: BackendName; quality: Quality },
): ChoicesView | undefined {
  const { video } = plan;
  if (video?.encoder.name !== 'x264' || machine.kind === 'here') return undefined;
  const makingUsd = (preset: string) => {
    const made = { ...plan, video: { ...video, encoder: { ...video.encoder, preset } } };
    return Math.min(...(estimate(media, made, machine, 1)?.costs ?? []).map(({ usd }) => usd));
  };
  const planned = video.encoder.preset;
  const choices = presetChoices(
    {
      durationSeconds: plan.durationSeconds,
      bytes: publishedBytes(plan) * shareOfLadder,
      viewBitsPerSecond: Math.min(viewBitsPerSecond, video.renditions[0]?.bitrate ?? viewBitsPerSecond),
      makingUsd,
    },
    output,
    planned,
  );
  return { views, output, quality, planned, choices, cheapest: cheapest(choices, quality, views).preset };
}

const storageNames: Readonly<Record<BackendName, string>> = { s3: 'S3', r2: 'R2', wasabi: 'Wasabi' };

export function choiceLines(view: ChoicesView, style: Style, columns: number): string[] {
  const { views, output, quality, planned, choices, cheapest: best } = view;
  const rows = choices.map((choice) => [
    choice.quality,
    choice.preset,
    usd(choice.makingUsd),
    `${(choice.bytes / 1e9).toPrecision(2)} GB`,
    usd(choice.storageMonthUsd),
    usd(choice.hundredViewsUsd),
    choice.preset === planned ? '' : paysText(choice.paysFromViews),
  ]);
  return [
    ...textTable(
      [
        { head: 'quality' },
        { head: 'preset' },
        { head: 'making', isRight: true },
        { head: 'size', isRight: true, spare: 3 },
        { head: 'a month', isRight: true, spare: 2 },
        { head: '100 views', isRight: true, spare: 1 },
        { head: `pays against ${planned} from`, isRight: true, spare: 4 },
      ],
      rows,
      style,
      columns,
    ),
    `With ${views.toLocaleString('en-US')} views, a year in ${storageNames[output]} and quality ${quality}, ${best} costs least.`,
  ];
}
