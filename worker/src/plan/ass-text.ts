/**
 * Text of strangers as libass writes it, letter by letter. libass knows these escapes and no others (ass_parse.c,
 * `ass_get_next_char`): `\N` `\n` `\h` `\{` `\}`. A backslash of the text is kept apart from what follows it by a word
 * joiner, which has no width.
 */
export function escapeAss(text: string): string {
  return cleanText(text).replaceAll('\\', '\\\u2060').replaceAll(/[{}]/g, '\\$&').replaceAll('\n', '\\N');
}

/** Well-formed, composed letters where there are any, one kind of line break, and no control characters. */
export function cleanText(text: string): string {
  return (
    text
      .toWellFormed()
      .normalize('NFC')
      .replaceAll(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/g, '\n')
      .replaceAll('\t', ' ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
      .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, '')
  );
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Width of a character, in heights of a line: about, and on average. */
function widthOf(grapheme: string): number {
  if (
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u.test(
      grapheme,
    )
  )
    return 0.9;
  return /\p{Lu}/u.test(grapheme) ? 0.65 : 0.52;
}

/**
 * libass breaks lines at spaces alone. What has none and would leave the picture (an address, Chinese) is broken here.
 * @param lineWidth in heights of a line
 */
export function breakLongWords(text: string, lineWidth: number): string {
  return text.replaceAll(/\S+/g, (word) => {
    let width = 0;
    let broken = '';
    for (const { segment } of graphemes.segment(word)) {
      const next = widthOf(segment);
      if (width > 0 && width + next > lineWidth) {
        broken += '\n';
        width = 0;
      }
      width += next;
      broken += segment;
    }
    return broken;
  });
}
