/** A title from outside may hold anything; a quoted string in a playlist holds no quotes and no line breaks. */
export function readable(title: string | undefined): string | undefined {
  const text = title
    ?.replace(/["\p{C}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return text ? [...text].slice(0, 80).join('').trim() : undefined;
}

/** RFC 8216 (4.3.4.1.1): renditions of one group have different names. */
export function makeUnique(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    let unique = label;
    for (let count = 2; taken.has(unique); count++) unique = `${label} ${count}`;
    taken.add(unique);
    return unique;
  });
}

let languageNames: Intl.DisplayNames | undefined;

/** In English. */
export function languageName(tag: string | undefined): string | undefined {
  if (!tag) return tag;
  // Made when it is needed: its tables take longer than most modules of a worker that starts.
  languageNames ??= new Intl.DisplayNames(['en'], { type: 'language' });
  return languageNames.of(tag);
}
