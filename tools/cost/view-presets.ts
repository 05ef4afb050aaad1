import type { BackendName } from '../../infra/storage/names.ts';
import { qualityNames } from '../../worker/src/plan/quality.ts';
import type { ViewPresets } from '../../worker/src/plan/view-presets.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import { total } from './charge.ts';
import type { FargateWorker, FunctionWorker } from './facts.ts';
import { planReferenceFilm, workOf } from './film.ts';
import { publishedBytes } from './plain-film.ts';
import { type Choice, cheapest, presetChoices, sumUsd } from './preset-choices.ts';
import { shareOfLadder, viewBitsPerSecond } from './preset-section.ts';
import { x264Speed } from './speeds.ts';
import { workerHours } from './worker-hour.ts';

/** Views beyond this change nothing. */
const maxViews = 1e9;

/**
 * From how many views on which preset costs least on a farm, by quality. All of it grows with a film's length, so the reference film stands for
 * films of any.
 */
export function viewPresets(
  settings: Pick<Settings, 'encoding'>,
  { worker, spot, output }: { worker: FargateWorker | FunctionWorker; spot: boolean; output: BackendName },
): ViewPresets {
  const [hour] = workerHours({ worker, publicIpv4: false });
  if (hour === undefined) throw new TypeError('A farm has a machine.');
  const hourUsd = total((spot ? hour.spot : undefined) ?? hour.onDemand);
  const plan = planReferenceFilm(settings, 'x264');
  const film = {
    durationSeconds: plan.durationSeconds,
    bytes: publishedBytes(plan) * shareOfLadder,
    viewBitsPerSecond: Math.min(viewBitsPerSecond, plan.video.renditions[0]?.bitrate ?? viewBitsPerSecond),
    makingUsd: (preset: string) => {
      const { filmSecondsPerSecond } = x264Speed({ ...workOf(plan), preset }, worker.vcpus);
      return (plan.durationSeconds / filmSecondsPerSecond / 3600) * hourUsd;
    },
  };
  const choices = presetChoices(film, output, plan.video.encoder.preset);
  return Object.fromEntries(
    qualityNames.map((quality) => {
      const steps = [0, ...crossings(choices.filter((choice) => choice.quality === quality))].map((from) => ({
        from,
        preset: cheapest(choices, quality, from).preset,
      }));
      return [quality, steps.filter(({ preset }, n) => preset !== steps[n - 1]?.preset)];
    }),
  ) as ViewPresets;
}

/** The views at which one choice begins to cost less than another. */
function crossings(choices: readonly Choice[]): number[] {
  const found = choices.flatMap((one) =>
    choices.map((other) => {
      const perView = (one.hundredViewsUsd - other.hundredViewsUsd) / 100;
      return Math.ceil((sumUsd(other, 0) - sumUsd(one, 0)) / perView);
    }),
  );
  return [...new Set(found)].filter((views) => views > 0 && views < maxViews).sort((a, b) => a - b);
}
