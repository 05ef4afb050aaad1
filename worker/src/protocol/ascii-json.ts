/**
 * JSON for messages: all beyond ASCII is escaped. SQS takes no U+FFFE and U+FFFF, which a key, a title or a text may have, and
 * the local farm's queue takes no emoji.
 */
export function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
