import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assFile } from '../../../worker/src/plan/ass.ts';
import { breakLongWords, cleanText, escapeAss } from '../../../worker/src/plan/ass-text.ts';
import { anyText } from '../../helpers/any-text.ts';

const still = { fades: false, dx: 0, dy: 0 };
const show = { fromSeconds: 0, motionSeconds: 0.5, in: still, out: still };
const hostile = fc
  .array(
    fc.oneof(
      anyText({ maxLength: 5 }),
      fc.constantFrom(
        '{',
        '}',
        '\\',
        '\\N',
        '{\\pos(0,0)}',
        '\r\n',
        '\n',
        '\u2028',
        '\u0085',
        '\0',
        ',',
        '\nDialogue: 0,',
        '\ud800',
      ),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join('').slice(0, 500));

describe('text of strangers', () => {
  it('stays one line of the file, in which libass finds no tag and no escape but ours', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const file = assFile([{ overlay: { text }, show }], { width: 640, height: 360 });
        const lines = file.split(/[\n\r\u0085\u2028\u2029]/);
        const dialogues = lines.filter((line) => line.startsWith('Dialogue:'));
        expect(dialogues.length).toBe(1);
        expect(lines.length).toBe(16);
        const written = dialogues[0]?.slice((dialogues[0]?.indexOf('}') ?? 0) + 1) ?? '';
        // Every backslash begins an escape of ours, and every brace is behind one.
        expect(written.replaceAll(/\\(?:[N{}]|\u2060)/g, '')).not.toMatch(/[\\{}]/);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
        expect(written).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(written.isWellFormed()).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('comes out letter by letter where escapes are undone as libass undoes them', () => {
    const undone = (text: string) =>
      text
        .replaceAll('\\N', '\n')
        .replaceAll(/\\([{}])/g, '$1')
        .replaceAll('\\\u2060', '\\');
    fc.assert(
      fc.property(hostile, (text) => {
        expect(undone(escapeAss(text))).toBe(cleanText(text));
      }),
      { numRuns: 500 },
    );
  });

  it('is composed where letters and marks are apart, and has one kind of line break', () => {
    expect(cleanText('Tie\u0302\u0301ng\r\nVie\u0323\u0302t\u2028x\ty')).toBe('Tiếng\nViệt\nx y');
  });

  it('is broken inside words alone that are wider than the picture, and never inside a character', () => {
    expect(breakLongWords('short words stay as they are', 10)).toBe('short words stay as they are');
    expect(breakLongWords('x'.repeat(20), 5.2)).toBe(['x'.repeat(10), 'x'.repeat(10)].join('\n'));
    expect(breakLongWords('漢字仮名交じり文', 3)).toBe('漢字仮\n名交じ\nり文');
    const family = '👨‍👩‍👧‍👦';
    expect(breakLongWords(family.repeat(4), 2)).toBe([family.repeat(2), family.repeat(2)].join('\n'));
    fc.assert(
      fc.property(hostile, fc.double({ min: 1, max: 50, noNaN: true }), (text, width) => {
        const clean = cleanText(text);
        expect(breakLongWords(clean, width).replaceAll('\n', '')).toBe(clean.replaceAll('\n', ''));
      }),
    );
  });
});
