import { type Cue, SubtitleError } from './cue.ts';
import { cueText } from './cue-text.ts';

interface Timing {
  frameRate: number;
  tickRate: number;
}

/** What an element adds to what is inside it. */
interface Open {
  name: string;
  beginMs: number;
  endMs: number | undefined;
  markup: string[];
}

interface Paragraph {
  startMs: number;
  endMs: number | undefined;
  text: string;
}

const element =
  /<(\/?)(?:[\w.-]+:)?([A-Za-z][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<[!?][^<>]*>|([^<]+)/g;

/**
 * TTML (https://www.w3.org/TR/ttml2/), EBU-TT-D and IMSC text: paragraphs, their times, line breaks, bold, italic and underlined.
 * Regions and colours are not kept. Documents of a stream may follow each other. No entity is expanded but XML's own.
 * @throws SubtitleError
 */
export function parseTtml(text: string): Cue[] {
  const styles = new Map<string, string[]>();
  const open: Open[] = [];
  const cues: Cue[] = [];
  let timing: Timing = { frameRate: 30, tickRate: 1 };
  let paragraph: Paragraph | undefined;
  let documents = 0;
  for (const [, slash, name = '', attributeText = '', selfClosing, plain] of withoutComments(text).matchAll(
    element,
  )) {
    if (plain !== undefined) {
      if (paragraph) paragraph.text += plain.replace(/\s+/g, ' ');
      continue;
    }
    if (name === '') continue;
    if (slash) {
      const closed = open.pop();
      if (paragraph) paragraph.text += endTags(closed?.markup ?? []);
      if (name === 'p' && paragraph) {
        cues.push(...toCue(paragraph));
        paragraph = undefined;
      }
      continue;
    }
    const attributes = attributesOf(attributeText);
    if (name === 'tt') {
      documents += 1;
      timing = timingOf(attributes);
    }
    if (name === 'style' && attributes.id !== undefined)
      styles.set(attributes.id, markupOf(attributes, styles));
    if (name === 'br' && paragraph) paragraph.text += '\n';
    const parent = open.at(-1);
    const parentBegin = parent?.beginMs ?? 0;
    const beginMs = parentBegin + (timeOf(attributes.begin, timing) ?? 0);
    const own = timeOf(attributes.end, timing);
    const duration = timeOf(attributes.dur, timing);
    const endMs =
      own === undefined ? (duration === undefined ? parent?.endMs : beginMs + duration) : parentBegin + own;
    const markup = markupOf(attributes, styles);
    if (name === 'p' && !selfClosing) paragraph = { startMs: beginMs, endMs, text: '' };
    // Words that come one after the other are one cue here, which lasts as long as all of them.
    else if (name === 'span' && paragraph && endMs !== undefined)
      paragraph.endMs = Math.max(endMs, paragraph.endMs ?? endMs);
    if (paragraph && !selfClosing) paragraph.text += startTags(markup);
    if (!selfClosing) open.push({ name, beginMs, endMs, markup: paragraph ? markup : [] });
  }
  if (documents === 0) throw new SubtitleError('it holds no element <tt>');
  return cues;
}

function withoutComments(text: string): string {
  const pieces: string[] = [];
  let from = 0;
  for (;;) {
    const start = text.indexOf('<!--', from);
    const end = start < 0 ? -1 : text.indexOf('-->', start);
    if (end < 0) return pieces.join('') + text.slice(from);
    pieces.push(text.slice(from, start));
    from = end + 3;
  }
}

function toCue({ startMs, endMs, text }: Paragraph): Cue[] {
  return endMs === undefined ? [] : [{ startMs, endMs, text: cueText(text) }];
}

/** By local name: namespaces are written in many ways. */
function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return Object.fromEntries(found.map(([, name = '', double, single]) => [name, double ?? single ?? '']));
}

function timingOf({
  frameRate = '',
  frameRateMultiplier = '',
  tickRate = '',
}: Record<string, string>): Timing {
  const [num = 1, den = 1] = frameRateMultiplier.split(/[\s:]+/).map((part) => Number(part) || 1);
  const rate = ((Number(frameRate) || 30) * num) / den;
  return { frameRate: rate, tickRate: Number(tickRate) || (frameRate ? rate : 1) };
}

/** In milliseconds: `00:01:02.5`, `00:01:02:12` (frames), `62.5s`, `1500ms`, `75f`, `10t`. */
function timeOf(text: string | undefined, { frameRate, tickRate }: Timing): number | undefined {
  const [, hours, minutes, seconds, frames] =
    /^(\d+):(\d\d):(\d\d(?:\.\d+)?)(?::(\d+))?$/.exec(text ?? '') ?? [];
  if (seconds !== undefined) {
    const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    return Math.round((whole + Number(frames ?? 0) / frameRate) * 1000);
  }
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(h|ms|m|s|f|t)$/.exec(text ?? '') ?? [];
  if (amount === undefined) return undefined;
  const secondsPerUnit = { h: 3600, m: 60, s: 1, ms: 0.001, f: 1 / frameRate, t: 1 / tickRate }[unit] ?? 0;
  return Math.round(Number(amount) * secondsPerUnit * 1000);
}

function markupOf(
  { style = '', fontStyle, fontWeight, textDecoration }: Record<string, string>,
  styles: ReadonlyMap<string, string[]>,
): string[] {
  const own = [
    ...(fontWeight === 'bold' ? ['b'] : []),
    ...(fontStyle === 'italic' || fontStyle === 'oblique' ? ['i'] : []),
    ...(textDecoration === 'underline' ? ['u'] : []),
  ];
  return [...new Set([...style.split(/\s+/).flatMap((id) => styles.get(id) ?? []), ...own])];
}

const startTags = (tags: readonly string[]) => tags.map((tag) => `<${tag}>`).join('');
const endTags = (tags: readonly string[]) =>
  tags
    .toReversed()
    .map((tag) => `</${tag}>`)
    .join('');
