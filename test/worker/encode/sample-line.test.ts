import { describe, expect, it } from 'vitest';
import { SampleLine } from '../../../worker/src/encode/sample-line.ts';

/** One byte is a sample of one channel. */
const one = { frameBytes: 1, sampleRate: 1000 };
const packet = (at: number, bytes: number) =>
  `0,          ${at},          ${at},     ${bytes},     ${bytes}, 0x00a4`;
const bytes = (...values: number[]) => Buffer.from(values);
const joined = (...blocks: Buffer[][]) => [...Buffer.concat(blocks.flat())];

describe('a line of samples', () => {
  it('has each packet in its place, whether its bytes or its line come first', () => {
    const line = new SampleLine(6, one);
    line.addLine('#tb 0: 1/1000');
    line.addLine(packet(0, 2));
    const first = line.addBytes(bytes(1, 2, 3));
    expect(joined(first)).toEqual([1, 2]);
    line.addLine(packet(2, 3));
    const second = line.addBytes(bytes(4));
    const third = line.addBytes(bytes(5, 6));
    line.addLine(packet(5, 1));
    expect(joined(second, third, line.end())).toEqual([3, 4, 5, 6]);
  });

  it('is silent where samples are missing, at its end too, and so never moves what follows', () => {
    const line = new SampleLine(12, one);
    line.addLine(packet(3, 2));
    line.addLine(packet(9, 1));
    const placed = line.addBytes(bytes(1, 2, 3));
    expect(joined(placed, line.end())).toEqual([0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 0, 0]);
  });

  it('leaves out samples that were there already, and what is behind its end', () => {
    const line = new SampleLine(8, one);
    for (const each of [packet(0, 5), packet(2, 6), packet(8, 3)]) line.addLine(each);
    const placed = line.addBytes(bytes(1, 2, 3, 4, 5, 9, 9, 9, 6, 7, 8, 9, 9, 9));
    expect(joined(placed, line.end())).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('takes no rounding of a clock for a gap', () => {
    const line = new SampleLine(6, one);
    for (const each of [packet(0, 3), packet(4, 3)]) line.addLine(each);
    expect(joined(line.addBytes(bytes(1, 2, 3, 4, 5, 6)), line.end())).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('is silent from its start to its end without a packet, for any length', () => {
    const line = new SampleLine(100_001, { frameBytes: 8, sampleRate: 48_000 });
    const silence = Buffer.concat(line.end());
    expect(silence.length).toBe(800_008);
    expect(silence.every((byte) => byte === 0)).toBe(true);
  });
});
