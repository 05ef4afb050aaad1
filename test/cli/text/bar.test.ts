import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bar } from '../../../cli/text/bar.ts';

it('fills a share of its width, to an eighth of a column', () => {
  expect(bar(0, 4)).toBe('░░░░');
  expect(bar(0.5, 4)).toBe('██░░');
  expect(bar(0.53125, 4)).toBe('██▏░');
  expect(bar(1, 4)).toBe('████');
});

it('is always as wide as it was asked to be', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 2, noNaN: true }),
      fc.integer({ min: 1, max: 200 }),
      (share, width) => {
        expect([...bar(share, width)]).toHaveLength(width);
      },
    ),
  );
});
