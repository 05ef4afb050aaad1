import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, shortHash } from '../../worker/src/short-hash.ts';

describe('shortHash', () => {
  it('is the first twelve digits of the sha256 of canonical JSON', () => {
    // printf '{"a":[1,{"b":2}],"c":"d"}' | sha256sum
    expect(canonicalJson({ c: 'd', a: [1, { b: 2 }], e: undefined })).toBe('{"a":[1,{"b":2}],"c":"d"}');
    expect(shortHash({ c: 'd', a: [1, { b: 2 }] })).toBe('ef761453a54e');
  });

  it('does not depend on the order of fields, but on that of lists', () => {
    const value = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(value, (object) => {
        const turned = Object.fromEntries(Object.entries(object).reverse());
        expect(shortHash(turned)).toBe(shortHash(object));
      }),
    );
    expect(shortHash([1, 2])).not.toBe(shortHash([2, 1]));
  });
});
