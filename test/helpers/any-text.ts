import fc from 'fast-check';

/**
 * Text of any characters of Unicode, the unassigned ones too. fast-check has such a unit (`binary`), but works for more than a
 * second before its first text: it lists them all.
 */
export function anyText(constraints: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: anyCharacter, ...constraints });
}

/** Plane 0 holds nearly all that text is made of; the surrogates in it are halves of characters. */
const anyCharacter = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0x80, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0xffff }),
    fc.integer({ min: 0x1_0000, max: 0x10_ffff }),
  )
  .map((code) => String.fromCodePoint(code));
