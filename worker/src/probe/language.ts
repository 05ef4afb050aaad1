/** ISO 639-2 codes that name no language: undetermined, uncoded, several, no linguistic content. */
const noLanguage = new Set(['und', 'mis', 'mul', 'zxx', 'unknown']);

/**
 * A file's language tag (ISO 639-2 such as `ger`, or already RFC 5646) as the shortest RFC 5646 tag, `de`. Undefined
 * when the file doesn't know or says nonsense.
 */
export function normalizeLanguage(tag: string | undefined): string | undefined {
  const text = tag?.trim().replaceAll('_', '-');
  if (!text || text.length > 35 || noLanguage.has(text.toLowerCase())) return undefined;
  try {
    const [canonical] = Intl.getCanonicalLocales(text);
    // A language subtag of two or three letters is registered; longer ones are words such as "English".
    return canonical && /^[a-z]{2,3}(-|$)/.test(canonical) ? canonical : undefined;
  } catch {
    return undefined;
  }
}
