import { describe, expect, it } from 'vitest';
import { cheapest, presetChoices, pricedPresets, sumUsd } from '../../../tools/cost/preset-choices.ts';
import { qualityTable } from '../../../worker/src/plan/quality-table.ts';

const film = {
  durationSeconds: 7200,
  bytes: 11e9,
  viewBitsPerSecond: 3_000_000,
  makingUsd: (preset: string) => (preset === 'veryfast' ? 0.25 : preset === 'slow' ? 1 : 0.5),
};

const choiceOf = (output: 's3' | 'r2' | 'wasabi', preset: string) => {
  const found = presetChoices(film, output, 'veryfast').find(
    (choice) => choice.preset === preset && choice.quality === 'standard',
  );
  if (found === undefined) throw new Error(`${preset} is missing`);
  return found;
};

describe('presetChoices', () => {
  it('has every measured preset at every quality', () => {
    expect(presetChoices(film, 's3', 'veryfast')).toHaveLength(3 * pricedPresets.length);
    expect(pricedPresets).toContain('veryfast');
    expect(pricedPresets).toContain('slow');
  });

  it('prices making, a month of S3 and a hundred views through CloudFront', () => {
    const { makingUsd, bytes, storageMonthUsd, hundredViewsUsd } = choiceOf('s3', 'veryfast');
    expect(makingUsd).toBe(0.25);
    expect(bytes).toBe(11e9);
    expect(storageMonthUsd).toBeCloseTo(11 * 0.023, 9);
    // 2.7 GB a view.
    expect(hundredViewsUsd).toBeCloseTo(100 * 2.7 * 0.085, 9);
  });

  it('has what leaves AWS for R2 in the making, and reads in place of bytes in its views', () => {
    const { makingUsd, hundredViewsUsd } = choiceOf('r2', 'veryfast');
    expect(makingUsd).toBeCloseTo(0.25 + 11 * 0.09, 9);
    expect(hundredViewsUsd).toBeCloseTo((100 * 2400 * 0.36) / 1e6, 9);
  });

  it('says from how many views a preset pays: one view less, and it does not', () => {
    const [base, slow] = [choiceOf('s3', 'veryfast'), choiceOf('s3', 'slow')];
    const views = slow.paysFromViews;
    if (qualityTable.presetBits.slow === undefined || views === undefined) throw new Error('slow pays never');
    expect(views).toBeGreaterThan(0);
    expect(sumUsd(slow, views)).toBeLessThanOrEqual(sumUsd(base, views));
    expect(sumUsd(slow, views - 1)).toBeGreaterThan(sumUsd(base, views - 1));
  });

  it('compares nothing with itself', () => {
    expect(choiceOf('s3', 'veryfast').paysFromViews).toBeUndefined();
  });
});

describe('cheapest', () => {
  it('takes a preset that costs little to make for a film without viewers, and one of few bits for one that many do', () => {
    const choices = presetChoices(film, 's3', 'veryfast');
    const few = cheapest(choices, 'standard', 0);
    const many = cheapest(choices, 'standard', 1_000_000);
    expect(few.makingUsd).toBeLessThanOrEqual(many.makingUsd);
    expect(many.bytes).toBe(
      Math.min(...choices.filter((c) => c.quality === 'standard').map(({ bytes }) => bytes)),
    );
  });
});
