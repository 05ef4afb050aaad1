import { type Loudness, loudnessOf, loudnessWarning } from '../plan/loudness.ts';
import type { Plan } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';

/** What the parts of the audio measured of a rendition that they made; undefined where older workers made some of them. */
export function publishedLoudness(
  { parts }: Pick<Plan, 'parts'>,
  records: readonly PartRecord[],
  name: string,
): Loudness | undefined {
  const isAudio = new Set(parts.flatMap(({ kind, index }) => (kind === 'audio' ? [index] : [])));
  const made = records.filter(({ part }) => isAudio.has(part));
  const measured = made.flatMap(({ loudness = [] }) => loudness.filter((each) => each.name === name));
  return measured.length > 0 && measured.length === made.length ? loudnessOf(measured) : undefined;
}

/** Of tracks that could not be brought to the loudness that was asked for. */
export function loudnessWarnings(plan: Plan, records: readonly PartRecord[]): string[] {
  const { loudness: target, audio } = plan;
  if (target === undefined) return [];
  return audio.flatMap(({ name, label }) => {
    const loudness = publishedLoudness(plan, records, name);
    return (loudness && loudnessWarning(label, loudness, target)) ?? [];
  });
}
