import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundledFamilies, bundledFontFiles } from '../../../worker/src/fonts/bundled.ts';
import { BadFontError, readFamilyName } from '../../../worker/src/fonts/family-name.ts';

const files = bundledFontFiles();
const roboto = readFileSync(files.find((path) => path.endsWith('Roboto_400Regular.ttf')) ?? '');

describe('the fonts of every farm', () => {
  it('are called what texts call them, in four styles each', () => {
    const families = files.map((path) => readFamilyName(readFileSync(path)));
    for (const family of bundledFamilies)
      expect(families.filter((name) => name === family).length, family).toBe(4);
    expect([...new Set(families)].sort()).toEqual(
      [...bundledFamilies, 'Noto Emoji', 'Noto Sans Arabic'].sort(),
    );
  });

  it('come with the SIL Open Font License', () => {
    for (const path of files) {
      const license = readFileSync(join(dirname(dirname(path)), 'LICENSE_FONT'), 'utf8');
      expect(license, path).toContain('SIL OPEN FONT LICENSE Version 1.1');
    }
  });
});

describe("an owner's font", () => {
  const renamed = (family: string) => {
    const copy = Buffer.from(roboto);
    for (const [from, to] of [
      [Buffer.from('Roboto', 'utf16le').swap16(), Buffer.from(family, 'utf16le').swap16()],
      [Buffer.from('Roboto'), Buffer.from(family)],
    ] as const) {
      for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1)) to.copy(copy, at);
    }
    return copy;
  };

  it.each([
    ['a collection', Buffer.concat([Buffer.from('ttcf'), roboto.subarray(4)]), 'is a collection of fonts'],
    ['a web font', Buffer.concat([Buffer.from('wOF2'), roboto.subarray(4)]), 'is a web font (WOFF)'],
    ['a text', Buffer.from('#!/bin/sh\necho no font at all'), 'is not a TTF or OTF font'],
    ['nothing', Buffer.alloc(0), 'is not a TTF or OTF font'],
    ['half a font', roboto.subarray(0, roboto.length / 2), 'is damaged: it is cut off'],
    ['a font with a comma in its name', renamed('Ro,oto'), 'has the family name "Ro,oto"'],
    ['a vertical font', renamed('@oboto'), 'has the family name "@oboto"'],
    ['a font with a line break in its name', renamed('Ro\noto'), 'has the family name "Ro\\noto"'],
  ])('is refused in words when it is %s', (_, file, words) => {
    expect(() => readFamilyName(file)).toThrow(words);
  });

  it('never breaks the reader, whatever its bytes are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { minLength: 1, maxLength: 30 }),
        fc.nat(roboto.length),
        (changes, length) => {
          const damaged = Buffer.from(roboto.subarray(0, length));
          for (const [at, value] of changes) if (at < damaged.length) damaged.writeUInt8(value, at);
          try {
            expect(readFamilyName(damaged).length).toBeLessThanOrEqual(100);
          } catch (error) {
            expect(error).toBeInstanceOf(BadFontError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
