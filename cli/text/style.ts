import { stripVTControlCharacters, styleText } from 'node:util';

/** Puts looks on text; the plain one leaves it as it is. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  accent(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

const looks = { bold: 'bold', dim: 'gray', accent: 'cyan', good: 'green', bad: 'red' } as const;

/** For a stream: colours on terminals that have them, and none under NO_COLOR (https://no-color.org). */
export function styleFor(stream: NodeJS.WriteStream): Style {
  const paint = (look: keyof typeof looks) => (text: string) => styleText(looks[look], text, { stream });
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    accent: paint('accent'),
    good: paint('good'),
    bad: paint('bad'),
  };
}

export const plainStyle: Style = {
  bold: (text) => text,
  dim: (text) => text,
  accent: (text) => text,
  good: (text) => text,
  bad: (text) => text,
};

/** Takes control characters out of text from outside, so that a film's name can't steer the terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, '?');
}

/** At most `width` characters, the last one "…" where some are left out. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
