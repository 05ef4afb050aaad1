import { z } from 'zod';

/** One stream of an immersive mix: a pair of left and right, or one channel. */
export interface Substream {
  index: number;
  channels: number;
}

/** Groups of streams as ffprobe shows them from 7.1 on. */
export const streamGroupsSchema = z
  .array(
    z.object({
      type: z.string().optional(),
      components: z
        .array(
          z.object({
            audio_element_type: z.number().optional(),
            subcomponents: z.array(z.object({ channel_layout: z.string().optional() })).default([]),
          }),
        )
        .default([]),
      streams: z.array(z.object({ index: z.number(), channels: z.number().default(0) })).default([]),
    }),
  )
  .default([]);

/** Channels of the loudspeaker layouts of IAMF; ffmpeg adds where surround channels stand, and has changed its mind: `5.1(side)`. */
const channelsOf: Record<string, number> = {
  mono: 1,
  stereo: 2,
  '3.1.2': 6,
  '5.1': 6,
  '5.1.2': 8,
  '5.1.4': 10,
  '7.1': 8,
  '7.1.2': 10,
  '7.1.4': 12,
};

export interface ImmersiveMix {
  /** What makes a whole mix together: pairs of left and right, then the centre, then low frequencies. */
  substreams: Substream[];
  /** Every stream of it but the first, also those of further layers: none is a mix by itself. */
  otherIndexes: number[];
}

/**
 * The immersive mixes of a film (IAMF, as in Eclipsa Audio). A mix in layers has a
 * whole mix for fewer loudspeakers first, to which each further layer adds: stereo is made from the first layer. Elements
 * without loudspeakers (ambisonics) are passed over.
 *
 * Immersive Audio Model and Formats v1.1, 3.6.2 (order of the layers and of their substreams).
 */
export function immersiveMixes(groups: z.output<typeof streamGroupsSchema>): ImmersiveMix[] {
  return groups.flatMap(({ type, components: [element], streams }) => {
    const layout = element?.audio_element_type === 0 ? element.subcomponents[0]?.channel_layout : undefined;
    const channels = channelsOf[layout?.replace(/\(.*/, '') ?? ''];
    if (type !== 'IAMF Audio Element' || channels === undefined) return [];
    const substreams: Substream[] = [];
    for (const stream of streams) if (countChannels(substreams) < channels) substreams.push(stream);
    if (countChannels(substreams) !== channels) return [];
    return [{ substreams, otherIndexes: streams.slice(1).map(({ index }) => index) }];
  });
}

function countChannels(substreams: readonly Substream[]): number {
  return substreams.reduce((sum, { channels }) => sum + channels, 0);
}
