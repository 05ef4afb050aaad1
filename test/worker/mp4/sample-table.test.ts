import { describe, expect, it } from 'vitest';
import { readBoxes } from '../../../worker/src/mp4/boxes.ts';
import type { Sample } from '../../../worker/src/mp4/fragment.ts';
import { SampleTable } from '../../../worker/src/mp4/sample-table.ts';

const sample = (more: Partial<Sample> = {}): Sample => ({
  durationTicks: 10,
  sizeBytes: 100,
  offsetTicks: 0,
  isSync: true,
  ...more,
});

/** The numbers in a table behind its version and flags. */
function numbersOf(table: SampleTable, type: string, mediaStart = 0): number[] | undefined {
  const bytes = Buffer.concat(table.boxes(mediaStart));
  const box = readBoxes(bytes).find((each) => each.type === type);
  if (box === undefined) return undefined;
  const numbers: number[] = [];
  for (let at = box.body + 4; at < box.end; at += 4) numbers.push(bytes.readUInt32BE(at));
  return numbers;
}

describe('the table of a track', () => {
  it('counts equal durations, and has no offsets and no keyframes where all frames are alike', () => {
    const table = new SampleTable();
    table.add({ decodeTicks: 50, samples: [sample(), sample(), sample({ durationTicks: 20 })] });
    expect(numbersOf(table, 'stts')).toEqual([2, 2, 10, 1, 20]);
    expect(numbersOf(table, 'stsz')).toEqual([0, 3, 100, 100, 100]);
    expect(numbersOf(table, 'ctts')).toBeUndefined();
    expect(numbersOf(table, 'stss')).toBeUndefined();
    expect(table.shown).toEqual({ fromTicks: 0, durationTicks: 40, filmTicks: 50 });
  });

  it('has offsets of zero or more, and takes back what was added to them', () => {
    const table = new SampleTable();
    const offsets = [0, 20, -10, -10];
    table.add({
      decodeTicks: 0,
      samples: offsets.map((offsetTicks, n) => sample({ offsetTicks, isSync: n === 0 })),
    });
    expect(numbersOf(table, 'ctts')).toEqual([3, 1, 10, 1, 30, 2, 0]);
    expect(numbersOf(table, 'stss')).toEqual([1, 1]);
    expect(table.shown).toEqual({ fromTicks: 10, durationTicks: 40, filmTicks: 0 });
  });

  it.each([
    ['later', 35, [2, 2, 10, 1, 15, 1, 10].slice(1), 45],
    ['sooner', 25, [2, 10, 1, 5, 1, 10], 35],
    ['before its last frame', 15, [2, 10, 1, 1, 1, 10], 31],
  ])(
    'lets the frame before a fragment last until it begins: %s than it ends',
    (_, decodeTicks, runs, endTicks) => {
      const table = new SampleTable();
      table.add({ decodeTicks: 0, samples: [sample(), sample(), sample()] });
      table.add({ decodeTicks, samples: [sample()] });
      expect(numbersOf(table, 'stts')).toEqual([runs.length / 2, ...runs]);
      expect(table.durationTicks).toBe(endTicks);
    },
  );

  it('comes back to the times of the film after a fragment that began too soon', () => {
    const table = new SampleTable();
    table.add({ decodeTicks: 0, samples: [sample()] });
    table.add({ decodeTicks: 0, samples: [sample()] });
    table.add({ decodeTicks: 20, samples: [sample()] });
    expect(table.durationTicks).toBe(30);
  });

  it('says where chunks lie, in eight bytes where four do not hold it', () => {
    const table = new SampleTable();
    table.add({ decodeTicks: 0, samples: Array.from({ length: 6 }, () => sample()) });
    table.addChunk(0, 2);
    table.addChunk(500, 2);
    table.addChunk(900, 1);
    table.addChunk(2 ** 32 - 100, 1);
    expect(numbersOf(table, 'stsc')).toEqual([2, 1, 2, 1, 3, 1, 1]);
    expect(numbersOf(table, 'stco', 99)).toEqual([4, 99, 599, 999, 2 ** 32 - 1]);
    expect(numbersOf(table, 'stco', 100)).toBeUndefined();
    expect(numbersOf(table, 'co64', 100)).toEqual([4, 0, 100, 0, 600, 0, 1000, 1, 0]);
  });

  it('grows with its film', () => {
    const table = new SampleTable();
    for (let fragment = 0; fragment < 50; fragment++)
      table.add({
        decodeTicks: fragment * 1000,
        samples: Array.from({ length: 100 }, (_, n) => sample({ sizeBytes: fragment * 100 + n })),
      });
    expect(numbersOf(table, 'stsz')).toEqual([0, 5000, ...Array.from({ length: 5000 }, (_, n) => n)]);
  });
});
