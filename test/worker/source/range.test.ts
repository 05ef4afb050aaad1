import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../worker/src/source/range.ts';

describe('parseRange', () => {
  it.each([
    ['bytes=0-', { start: 0, end: 99 }],
    ['bytes=40-', { start: 40, end: 99 }],
    ['bytes=40-49', { start: 40, end: 49 }],
    ['bytes=40-1000', { start: 40, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-1000', { start: 0, end: 99 }],
    ['bytes=99-99', { start: 99, end: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // These are to be ignored, and everything is sent.
    ['bytes=-', undefined],
    ['bytes=5-4', undefined],
    ['bytes=0-1,5-6', undefined],
    ['seconds=0-1', undefined],
    ['bytes=a-b', undefined],
    [undefined, undefined],
  ])('reads %j of 100 bytes as %j', (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });

  it('never leaves the object', () => {
    const number = fc.oneof(fc.nat(200).map(String), fc.constant(''), fc.constant('9'.repeat(30)));
    fc.assert(
      fc.property(number, number, fc.integer({ min: 1, max: 150 }), (first, last, size) => {
        const range = parseRange(`bytes=${first}-${last}`, size);
        if (range === undefined || range === 'unsatisfiable') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });
});
