import { describe, expect, it } from 'vitest';
import { guessSubtitleName, readSubtitleName } from '../../../worker/src/protocol/subtitle-file-name.ts';

describe('the name of a file beside a film', () => {
  it.each([
    ['film.en.srt', { language: 'en', kind: 'subtitles', default: false }],
    ['film.eng.srt', { language: 'en', kind: 'subtitles', default: false }],
    ['film.pt-BR.sdh.vtt', { language: 'pt-BR', kind: 'sdh', default: false }],
    ['film.de.forced.default.ass', { language: 'de', kind: 'forced', default: true }],
    ['film.en.hi.srt', { language: 'en', kind: 'sdh', default: false }],
    ['film.hi.srt', { language: 'hi', kind: 'subtitles', default: false }],
    ['film.srt', { kind: 'subtitles', default: false }],
    ['film.part2.en.srt', undefined],
    ['film2.en.srt', undefined],
    ['film.en.txt', undefined],
  ])('%s says what is in it', (name, expected) => {
    expect(readSubtitleName(name, 'film')).toEqual(expected);
  });

  it('says as much as it can where it is named otherwise than the film', () => {
    expect(guessSubtitleName('x/y.Some.Film.2024.fr.forced.srt')).toMatchObject({
      language: 'fr',
      kind: 'forced',
    });
    expect(guessSubtitleName('words.srt')).toEqual({ kind: 'subtitles', default: false });
  });
});
