/** Values of an attribute list (RFC 8216 section 4.2). Plain text is an enumerated string and must come from us. */
export type AttributeValue =
  | number
  | string
  | { quoted: string }
  | { width: number; height: number }
  | undefined;

/** `#EXT-X-NAME:A=1,B="two"`; attributes that are undefined are left out. */
export function tag(name: string, attributes: Readonly<Record<string, AttributeValue>>): string {
  const list = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${attribute(value)}`],
  );
  return `#${name}:${list.join(',')}`;
}

function attribute(value: Exclude<AttributeValue, undefined>): string {
  if (typeof value !== 'object') return String(value);
  return 'quoted' in value ? `"${quotable(value.quoted)}"` : `${value.width}x${value.height}`;
}

/** A quoted string can't hold a double quote or a line break (RFC 8216 section 4.2), and there is no escape. */
export function quotable(text: string): string {
  return text
    .replaceAll('"', '\u2019')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();
}

/** Lines of a playlist, UTF-8 without a byte order mark (RFC 8216 section 4.1). */
export function playlist(lines: readonly string[]): string {
  return `#EXTM3U\n${lines.join('\n')}\n`;
}
