import { normalizeLanguage } from '../probe/language.ts';
import type { SubtitleKind } from '../probe/media.ts';

export const subtitleExtensions = ['srt', 'vtt', 'ass', 'ssa', 'ttml', 'dfxp'];
const extension = new RegExp(`\\.(${subtitleExtensions.join('|')})$`, 'i');

/** What the words of a file's name mean, beside its language. */
const kinds: Readonly<Record<string, SubtitleKind>> = { sdh: 'sdh', cc: 'sdh', hi: 'sdh', forced: 'forced' };

/** What the name of a subtitle file says of it. */
export interface NamedSubtitles {
  language?: string | undefined;
  kind: SubtitleKind;
  default: boolean;
}

export function isSubtitleFile(name: string): boolean {
  return extension.test(name);
}

/** The name without what comes behind the last dot: what files beside a film begin with. */
export function stemOf(key: string): string {
  return key.replace(/\.[^./]*$/, '');
}

/**
 * Reads `film.en.srt`, `film.pt-BR.sdh.vtt`, `film.de.forced.ass`, `film.srt`.
 * @param stem what the name begins with, see `stemOf`
 * @returns undefined for a file that belongs to another film, such as `film.part2.en.srt`
 */
export function readSubtitleName(name: string, stem: string): NamedSubtitles | undefined {
  if (!name.startsWith(stem) || !isSubtitleFile(name)) return undefined;
  return readWords(name.slice(stem.length).replace(extension, ''));
}

/** As well as one can: the words at the end of any file's name. */
export function guessSubtitleName(name: string): NamedSubtitles {
  const words = name.replace(/^.*\//s, '').replace(extension, '').split('.').slice(1);
  for (let from = 0; from < words.length; from += 1) {
    const found = readWords(`.${words.slice(from).join('.')}`);
    if (found !== undefined) return found;
  }
  return { kind: 'subtitles', default: false };
}

function readWords(text: string): NamedSubtitles | undefined {
  if (text !== '' && !text.startsWith('.')) return undefined;
  const found: NamedSubtitles = { kind: 'subtitles', default: false };
  for (const word of text.split('.').slice(1)) {
    const lower = word.toLowerCase();
    const kind = kinds[lower];
    const language = normalizeLanguage(word);
    // "hi" is Hindi, unless the language was named already.
    if (lower === 'default') found.default = true;
    else if (kind !== undefined && !(lower === 'hi' && found.language === undefined)) found.kind = kind;
    else if (language !== undefined && found.language === undefined) found.language = language;
    else return undefined;
  }
  return found;
}
