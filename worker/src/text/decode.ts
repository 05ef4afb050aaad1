/** What files in an encoding of their own mostly have, by their language; else Windows-1252. */
const legacyEncodings: Readonly<Record<string, string>> = {
  ar: 'windows-1256',
  be: 'windows-1251',
  bg: 'windows-1251',
  cs: 'windows-1250',
  el: 'windows-1253',
  et: 'windows-1257',
  fa: 'windows-1256',
  he: 'windows-1255',
  hr: 'windows-1250',
  hu: 'windows-1250',
  ja: 'shift_jis',
  ko: 'euc-kr',
  lt: 'windows-1257',
  lv: 'windows-1257',
  mk: 'windows-1251',
  pl: 'windows-1250',
  ro: 'windows-1250',
  ru: 'windows-1251',
  sk: 'windows-1250',
  sl: 'windows-1250',
  sr: 'windows-1251',
  th: 'windows-874',
  tr: 'windows-1254',
  uk: 'windows-1251',
  vi: 'windows-1258',
  zh: 'gb18030',
};

/** Whether this Node can read the encoding, named as in https://encoding.spec.whatwg.org/#names-and-labels. */
export function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label) !== undefined;
  } catch {
    return false;
  }
}

/**
 * The text of a subtitle file. A byte order mark says the encoding; else the caller does; else it is UTF-8 where the bytes are
 * that, UTF-16 where every other byte is zero, and what is usual for the language where they are neither.
 */
export function decodeText(
  bytes: Uint8Array,
  known: { encoding?: string | undefined; language?: string | undefined } = {},
): string {
  const marked = byMark(bytes);
  if (marked !== undefined) return new TextDecoder(marked).decode(bytes);
  if (known.encoding !== undefined) return new TextDecoder(known.encoding).decode(bytes);
  const wide = byZeros(bytes);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const [language = ''] = known.language?.split('-') ?? [];
    return new TextDecoder(legacyEncodings[language] ?? 'windows-1252').decode(bytes);
  }
}

function byMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return undefined;
}

/** Digits, line breaks and arrows have a zero byte in UTF-16, in any language. */
function byZeros(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, 4096);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries())
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const share = sample.length / 2;
  if (odd > 0.2 * share && even < 0.05 * share) return 'utf-16le';
  if (even > 0.2 * share && odd < 0.05 * share) return 'utf-16be';
  return undefined;
}
