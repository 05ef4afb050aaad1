import { viewPresets } from '../../tools/cost/view-presets.ts';
import { vcpusOf } from '../../worker/src/plan/function-limits.ts';
import { readEncoding } from '../../worker/src/settings/encoding.ts';
import type { BackendName } from '../storage/names.ts';
import type { ComputeSettings } from './compute.ts';
import type { SettingsReader } from './reader.ts';
import type { WorkerTexts } from './worker.ts';

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
  const presets = viewPresets({ encoding: readEncoding(texts) }, { worker, spot, output });
  return { ...texts, VIEW_PRESETS: JSON.stringify(presets) };
}
