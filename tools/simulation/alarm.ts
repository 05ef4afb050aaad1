/**
 * Whether an alarm with a period of a minute rings: all minutes that have a value breach, and there are as many as it asks for.
 * @param values the latest last; undefined is a missing minute, over which the alarm looks further back
 */
export function rings(
  values: readonly (number | undefined)[],
  minutes: number,
  breaches: (value: number) => boolean,
): boolean {
  const known = values.filter((value) => value !== undefined);
  return known.length >= minutes && known.slice(-minutes).every(breaches);
}
