import { describe, expect, it } from 'vitest';
import { planReferenceFilm, workOf } from '../../../tools/cost/film.ts';
import { publishedBytes } from '../../../tools/cost/plain-film.ts';
import { cheapest, presetChoices } from '../../../tools/cost/preset-choices.ts';
import { shareOfLadder, viewBitsPerSecond } from '../../../tools/cost/preset-section.ts';
import { x264Speed } from '../../../tools/cost/speeds.ts';
import { viewPresets } from '../../../tools/cost/view-presets.ts';
import { qualityNames } from '../../../worker/src/plan/quality.ts';
import { encoderForViews } from '../../../worker/src/plan/view-presets.ts';
import { testSettings } from '../../helpers/worker/settings.ts';

const settings = testSettings();
const worker = { kind: 'fargate', vcpus: 4, memoryGb: 8, storageGb: 20 } as const;

describe('viewPresets', () => {
  it.each([['s3'], ['r2'], ['wasabi']] as const)(
    'names for any number of views the preset whose making, year of storage and delivery from %s cost least',
    (output) => {
      const table = viewPresets(settings, { worker, spot: false, output });
      const plan = planReferenceFilm(settings, 'x264');
      const hourUsd = 4 * 0.04048 + 8 * 0.004445;
      const choices = presetChoices(
        {
          durationSeconds: plan.durationSeconds,
          bytes: publishedBytes(plan) * shareOfLadder,
          viewBitsPerSecond,
          makingUsd: (preset) =>
            (plan.durationSeconds / x264Speed({ ...workOf(plan), preset }, 4).filmSecondsPerSecond / 3600) *
            hourUsd,
        },
        output,
        'veryfast',
      );
      for (const quality of qualityNames)
        for (const expectedViews of [0, 1, 3, 10, 30, 100, 1000, 100_000]) {
          const { preset } = encoderForViews(
            { name: 'x264', preset: 'veryfast' },
            { viewPresets: table },
            { quality, expectedViews },
          );
          expect(preset, `${quality}, ${expectedViews} views`).toBe(
            cheapest(choices, quality, expectedViews).preset,
          );
        }
    },
  );

  it('takes presets of fewer bits the more views there are, where delivery is paid by the byte', () => {
    const { standard } = viewPresets(settings, { worker, spot: true, output: 's3' });
    expect(standard.length).toBeGreaterThan(1);
    expect(standard.at(-1)?.preset).toBe('slow');
    expect(standard.map(({ from }) => from)).toEqual(standard.map(({ from }) => from).sort((a, b) => a - b));
  });
});
