import type { Plan } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import { joinRendition } from './rendition.ts';

/** A rendition with more than this share of the bits of the one above it gives a slow viewer nothing. */
const clearStep = 0.9;

/**
 * The plan with those renditions alone that are worth a name in the playlist. The sizes of a film that is easy to encode
 * come out nearly the same, and a player would go down to a worse picture for no fewer bits.
 */
export function withClearSteps(plan: Plan, records: readonly PartRecord[]): Plan {
  const { video } = plan;
  if (!video) return plan;
  const renditions = video.renditions.slice(0, 1);
  let above = bitrateOf(records, renditions[0]?.name);
  for (const rendition of video.renditions.slice(1)) {
    const own = bitrateOf(records, rendition.name);
    if (own > clearStep * above) continue;
    renditions.push(rendition);
    above = own;
  }
  return { ...plan, video: { ...video, renditions } };
}

function bitrateOf(records: readonly PartRecord[], name = ''): number {
  const { bytes, durationSeconds } = joinRendition(records, name);
  return (bytes * 8) / durationSeconds;
}
