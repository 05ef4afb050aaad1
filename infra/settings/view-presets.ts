import { viewPresets } from '../../tools/cost/view-presets.ts';
import { vcpusOf } from '../../worker/src/plan/function-limits.ts';
import { readSettings } from '../../worker/src/settings/settings.ts';
import type { BackendName } from '../storage/names.ts';
import type { ComputeSettings } from './compute.ts';
import type { SettingsReader } from './reader.ts';
import type { WorkerTexts } from './worker.ts';

/** Where workers are changes nothing of what a film costs to encode. */
const anywhere = {
  QUEUE_URL: 'https://jobs.invalid',
  DEAD_LETTER_QUEUE_URL: 'https://dead-letters.invalid',
  SOURCE_BUCKET: 'source',
  OUTPUT_BUCKET: 'output',
  // Of jobs with webhooks.
  REPORTS_QUEUE_URL: 'https://reports.invalid',
};

/** With `expectedViews` workers choose their preset by what was estimated for this farm's machines and storage. */
export function addViewPresets(
  config: SettingsReader,
  texts: WorkerTexts,
  compute: ComputeSettings,
  output: BackendName,
): WorkerTexts {
  const { EXPECTED_VIEWS: views, ...others } = texts;
  if (views === undefined) return texts;
  if (compute.kind === 'gpu') {
    config.ignore('expectedViews', 'compute is "gpu", and no preset of NVENC was measured');
    return others;
  }
  if (texts.X264_PRESET !== undefined) {
    config.ignore('x264Preset', 'expectedViews chooses the preset');
    delete texts.X264_PRESET;
  }
  const { memoryMib, cpuUnits } = compute.task;
  const memoryGb = memoryMib / 1024;
  const worker =
    compute.kind === 'function'
      ? ({ ...compute, vcpus: vcpusOf(memoryMib), memoryGb, storageGb: 0 } as const)
      : ({ kind: 'fargate', vcpus: cpuUnits / 1024, memoryGb, storageGb: 0 } as const);
  const spot = compute.spot && compute.onDemandBase === 0;
  // Encryption costs nothing, and its secret is no text.
  const { ENCRYPTION: _, ENCRYPTION_KEY_URL: __, ...priced } = texts;
  const presets = viewPresets(readSettings({ ...anywhere, ...priced }), { worker, spot, output });
  return { ...texts, VIEW_PRESETS: JSON.stringify(presets) };
}
