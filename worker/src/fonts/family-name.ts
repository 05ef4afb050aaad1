/** A font that cannot be used. The message is the second half of a sentence about the file. */
export class BadFontError extends Error {
  override readonly name = 'BadFontError';
}

/** TrueType, Apple's TrueType, and OpenType with PostScript outlines. */
const kinds = new Set(['\u0000\u0001\u0000\u0000', 'true', 'OTTO']);

const needed = ['cmap', 'head', 'hhea', 'hmtx', 'maxp', 'name'];

/**
 * The family name of a font, as libass finds it: name 1 of its table `name`.
 * https://learn.microsoft.com/typography/opentype/spec/otff, https://learn.microsoft.com/typography/opentype/spec/name
 * @throws BadFontError
 */
export function readFamilyName(file: Buffer): string {
  const tables = readTables(file);
  const missing = needed.filter((tag) => !tables.has(tag));
  if (missing.length > 0) throw new BadFontError(`is damaged: it has no table ${missing.join(', ')}`);
  const family = familyIn(tables.get('name') as Buffer);
  if (family === undefined) throw new BadFontError('has no family name');
  // It becomes a field of an ASS style, where a comma would begin the next one and "@" turns letters on their side.
  if (!/^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._&'()+-]{0,99}$/u.test(family)) {
    throw new BadFontError(
      `has the family name ${JSON.stringify(family)}: use letters, digits, spaces and ._&'()+-`,
    );
  }
  return family;
}

function readTables(file: Buffer): Map<string, Buffer> {
  const kind = file.toString('latin1', 0, 4);
  if (kind === 'ttcf') throw new BadFontError('is a collection of fonts: save its fonts as single files');
  if (kind.startsWith('wOF')) throw new BadFontError('is a web font (WOFF): use the TTF or OTF of it');
  if (!kinds.has(kind) || file.length < 12) throw new BadFontError('is not a TTF or OTF font');
  const count = file.readUInt16BE(4);
  const tables = new Map<string, Buffer>();
  for (let n = 0; n < count; n += 1) {
    const entry = 12 + n * 16;
    const [offset, length] = [readUInt32(file, entry + 8), readUInt32(file, entry + 12)];
    if (offset + length > file.length) throw new BadFontError('is damaged: it is cut off');
    tables.set(file.toString('latin1', entry, entry + 4), file.subarray(offset, offset + length));
  }
  return tables;
}

function readUInt32(file: Buffer, offset: number): number {
  if (offset + 4 > file.length) throw new BadFontError('is damaged: it is cut off');
  return file.readUInt32BE(offset);
}

const familyNameId = 1;
const macintosh = 1;
const windows = 3;
const english = 0x0409;

function familyIn(table: Buffer): string | undefined {
  if (table.length < 6) return undefined;
  const strings = table.readUInt16BE(4);
  const found: { rank: number; text: string }[] = [];
  for (let n = 0, record = 6; n < table.readUInt16BE(2); n += 1, record += 12) {
    if (record + 12 > table.length) break;
    const [platform, encoding, language, name, length, offset] = Array.from({ length: 6 }, (_, field) =>
      table.readUInt16BE(record + 2 * field),
    ) as [number, number, number, number, number, number];
    if (name !== familyNameId) continue;
    const bytes = table.subarray(strings + offset, strings + offset + length);
    if (platform === windows && (encoding === 1 || encoding === 10) && bytes.length % 2 === 0) {
      const text = Buffer.from(bytes).swap16().toString('utf16le');
      found.push({ rank: language === english ? 0 : 1, text });
    } else if (platform === macintosh && encoding === 0) {
      found.push({ rank: 2, text: bytes.toString('latin1') });
    }
  }
  return found.sort((a, b) => a.rank - b.rank)[0]?.text;
}
