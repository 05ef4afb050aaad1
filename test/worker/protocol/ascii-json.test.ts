import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asciiJson } from '../../../worker/src/protocol/ascii-json.ts';
import { anyText } from '../../helpers/any-text.ts';

it('is JSON of the same value, in characters that every queue takes', () => {
  fc.assert(
    fc.property(fc.record({ text: anyText() }), (value) => {
      const text = asciiJson(value);
      expect(text).toMatch(/^[ -~]*$/);
      expect(JSON.parse(text)).toEqual(value);
    }),
  );
  expect(asciiJson({ text: 'Grüezi 😀\uffff' })).toBe('{"text":"Gr\\u00fcezi \\ud83d\\ude00\\uffff"}');
});
