import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBitrate, formatBytes, formatSeconds, formatSpeed } from '../../../cli/text/units.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [12_345, '12.3 kB'],
    [999_600, '1.00 MB'],
    [11_730_000, '11.7 MB'],
    [123_456_789_012, '123 GB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.6, '1 min 00 s'],
    [185, '3 min 05 s'],
    [7620, '2 h 07 min'],
  ])('shows %d seconds as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it('shows bit rates in steps of a thousand', () => {
    expect(formatBitrate(2_078_452)).toBe('2.08 Mb/s');
  });

  it('shows speed against real time', () => {
    expect(formatSpeed(3.71)).toBe('3.7× real time');
    expect(formatSpeed(41.2)).toBe('41× real time');
  });

  it('never needs more than three figures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_000_000_000_000 }), (bytes) => {
        expect(formatBytes(bytes)).toMatch(/^(\d{1,3}|\d\.\d\d|\d\d\.\d) [kMGT]?B$/);
      }),
    );
  });
});
