import { expect, it } from 'vitest';
import { normalizeLanguage } from '../../../worker/src/probe/language.ts';

it.each([
  ['eng', 'en'],
  ['ger', 'de'],
  ['deu', 'de'],
  ['fre', 'fr'],
  ['por-br', 'pt-BR'],
  ['pt_BR', 'pt-BR'],
  ['zh-Hant-TW', 'zh-Hant-TW'],
  ['haw', 'haw'],
  ['und', undefined],
  ['mul', undefined],
  ['zxx', undefined],
  ['', undefined],
  [undefined, undefined],
  ['English', undefined],
  ['../../etc', undefined],
  ['en"x', undefined],
])('makes %j the language tag %j', (tag, expected) => {
  expect(normalizeLanguage(tag)).toBe(expected);
});
