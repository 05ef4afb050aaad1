/** Markup of WebVTT that is kept. All else is dropped, and what it encloses stays. */
const keptTags = new Set(['b', 'i', 'u', 'ruby', 'rt', 'v', 'lang']);

/** Tags of which WebVTT says that they have an annotation. */
const annotated = new Set(['v', 'lang']);

/** Longer cues are no subtitles: a browser lays out the whole text at once. */
const maxCharacters = 2000;
const maxTags = 500;
const maxDepth = 10;

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00A0',
  lrm: '\u200E',
  rlm: '\u200F',
};

/**
 * Text with tags in angle brackets (WebVTT, SubRip) as WebVTT cue text that is safe and well formed: known tags, each closed in
 * the right order, everything else escaped. Lines stay lines; a cue can hold no empty one.
 */
export function cueText(marked: string): string {
  const open: string[] = [];
  let out = '';
  let characters = 0;
  let tags = 0;
  const close = (tag: string) => {
    const at = open.lastIndexOf(tag);
    if (at < 0) return;
    for (const inner of open.splice(at).reverse()) out += `</${inner}>`;
  };
  for (const [, slash, name = '', rest = '', text = ''] of clean(marked).matchAll(tagOrText)) {
    if (text !== '') {
      const plain = decodeEntities(text);
      const room = maxCharacters - characters;
      characters += plain.length;
      out += escapeText(plain.length > room ? `${plain.slice(0, Math.max(0, room))}…` : plain);
      if (characters > maxCharacters) break;
      continue;
    }
    const tag = name.toLowerCase();
    if (!keptTags.has(tag)) continue;
    tags += 1;
    if (slash) close(tag);
    // A ruby text stands in a ruby.
    else if (tags < maxTags && open.length < maxDepth && (tag !== 'rt' || open.includes('ruby'))) {
      open.push(tag);
      out += `<${tag}${annotated.has(tag) ? annotation(rest) : ''}>`;
    }
  }
  for (const tag of open.reverse()) out += `</${tag}>`;
  return withoutEmptyLines(withoutEmptyTags(out));
}

/** A tag that begins with a letter, as HTML's do, or a time inside a cue; any other bracket is text. */
const tagOrText = /<(\/?)([A-Za-z]+)((?:[.\s][^<>]*)?)\/?>|<\d[\d:.]*>|([^<]+|<)/g;

function clean(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\t\n]/gu, '')
    .trim();
}

function annotation(rest: string): string {
  const text = decodeEntities(rest.replace(/^\.\S*/, ''))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 80);
  return text === '' ? '' : ` ${escapeText(text)}`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const isText = code >= 32 && code <= 0x10_ffff && !(code >= 0xd8_00 && code <= 0xdf_ff);
    return isText ? String.fromCodePoint(code) : '';
  });
}

function withoutEmptyTags(text: string): string {
  let before = '';
  let now = text;
  while (now !== before) {
    before = now;
    now = now.replace(/<(b|i|u)><\/\1>/g, '');
  }
  return now;
}

function withoutEmptyLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.replace(/<[^>]*>/g, '').trim() !== '' || /<[^>]+>/.test(line))
    .join('\n')
    .replace(/^(?:<[^>]*>|\s)*$/, '');
}
