import { type Cue, SubtitleError } from './cue.ts';
import { cueText } from './cue-text.ts';
import { numpadSettings, pointSettings } from './placement.ts';
import { milliseconds } from './srt.ts';

interface Style {
  /** As on a numeric keypad: 2 is the middle of the bottom. */
  place: number;
  bold: boolean;
  italic: boolean;
  underline: boolean;
}

const defaultStyle: Style = { place: 2, bold: false, italic: false, underline: false };

/** Of a script that names none: https://github.com/libass/libass/blob/0.17.3/libass/ass.c (`ass_set_defaults`) */
const defaultSize = { width: 384, height: 288 };

/**
 * ASS and SSA: what is said, bold, italic and underlined, and where. Colours, fonts, drawings and movements have no place in WebVTT.
 * @throws SubtitleError
 */
export function parseAss(text: string): Cue[] {
  const styles = new Map<string, Style>();
  const size = { ...defaultSize };
  const cues: Cue[] = [];
  let section = '';
  let format: string[] = [];
  let isOld = false;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const heading = /^\s*\[([^\]]+)\]/.exec(line)?.[1]?.toLowerCase();
    if (heading !== undefined) {
      section = heading;
      isOld ||= /^v4 styles/.test(heading);
      continue;
    }
    const [, key = '', value = ''] = /^([A-Za-z ]+):\s?(.*)$/.exec(line) ?? [];
    if (key === 'PlayResX') size.width = Number(value) || size.width;
    else if (key === 'PlayResY') size.height = Number(value) || size.height;
    else if (key === 'Format') format = value.split(',').map((name) => name.trim().toLowerCase());
    else if (key === 'Style') {
      const fields = fieldsOf(value, format);
      styles.set(fields.name ?? '', styleOf(fields, isOld));
    } else if (key === 'Dialogue' && section === 'events') {
      const cue = cueOf(fieldsOf(value, format), styles, size);
      if (cue !== undefined) cues.push(cue);
    }
  }
  if (section === '') throw new SubtitleError('it holds no section such as [Events]');
  return cues;
}

/** The last field, the text, may hold commas. */
function fieldsOf(value: string, format: readonly string[]): Record<string, string> {
  const parts = value.split(',');
  const last = format.length - 1;
  return Object.fromEntries(
    format.map((name, index) => [
      name,
      (index === last ? parts.slice(index).join(',') : (parts[index] ?? '')).trim(),
    ]),
  );
}

function styleOf({ alignment, bold, italic, underline }: Record<string, string>, isOld: boolean): Style {
  const isOn = (value = '0') => Number(value) !== 0;
  const place = Number(alignment) || 2;
  return {
    place: isOld ? fromSsa(place) : place,
    bold: isOn(bold),
    italic: isOn(italic),
    underline: isOn(underline),
  };
}

/** SSA counts 1 to 3 from left to right at the bottom, adds 4 for the top and 8 for the middle. */
function fromSsa(place: number): number {
  const column = place & 3;
  return place & 4 ? column + 6 : place & 8 ? column + 3 : column;
}

function cueOf(
  { start = '', end = '', style = '', text = '' }: Record<string, string>,
  styles: ReadonlyMap<string, Style>,
  size: typeof defaultSize,
): Cue | undefined {
  const [startMs, endMs] = [milliseconds(start), milliseconds(end)];
  if (startMs === undefined || endMs === undefined) return undefined;
  // A style's name may have an asterisk: https://github.com/libass/libass/blob/0.17.3/libass/ass.c (`lookup_style`)
  const base = styles.get(style.replace(/^\*+/, '')) ?? defaultStyle;
  const overrides = [...text.matchAll(/\{([^{}]*)\}/g)].map(([, found]) => found ?? '').join('');
  const settings = settingsOf(overrides, base.place, size);
  return {
    startMs,
    endMs,
    text: cueText(markedUp(text, base)),
    ...(settings === undefined ? {} : { settings }),
  };
}

function settingsOf(overrides: string, fallback: number, size: typeof defaultSize): string | undefined {
  const modern = /\\an([1-9])/.exec(overrides)?.[1];
  const old = /\\a(\d{1,2})/.exec(overrides)?.[1];
  const place = modern === undefined ? (old === undefined ? fallback : fromSsa(Number(old))) : Number(modern);
  const number = String.raw`\s*(-?[\d.]+)\s*`;
  const point = new RegExp(String.raw`\\(?:pos|move)\(${number},${number}[,)]`).exec(overrides);
  if (point === null) return numpadSettings(place);
  return pointSettings(place, Number(point[1]) / size.width, Number(point[2]) / size.height);
}

const switches = ['b', 'i', 'u'] as const;

/** The text with tags in angle brackets. */
function markedUp(text: string, style: Style): string {
  const on = { b: style.bold, i: style.italic, u: style.underline };
  const open = () => switches.map((tag) => (on[tag] ? `<${tag}>` : '')).join('');
  const close = () =>
    switches
      .toReversed()
      .map((tag) => (on[tag] ? `</${tag}>` : ''))
      .join('');
  let out = open();
  let isDrawing = false;
  for (const [, overrides, plain] of text.matchAll(/\{([^{}]*)\}|([^{]+|\{)/g)) {
    if (overrides === undefined) {
      if (!isDrawing) out += literal(plain ?? '');
      continue;
    }
    out += close();
    for (const [, tag = '', value = ''] of overrides.matchAll(/\\([biu]|p|r)(\d*)(?=\\|$|\s)/g)) {
      if (tag === 'p') isDrawing = Number(value) > 0;
      else if (tag === 'r') Object.assign(on, { b: style.bold, i: style.italic, u: style.underline });
      // A weight such as \b700 is bold from there on.
      else on[tag as 'b'] = tag === 'b' && Number(value) > 1 ? Number(value) >= 600 : Number(value) === 1;
    }
    out += open();
  }
  return out + close();
}

/** In ASS brackets are text. */
function literal(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\\N|\\n/g, '\n')
    .replace(/\\h/g, '\u00A0');
}
