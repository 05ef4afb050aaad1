import type { FfprobeJson } from './ffprobe-json.ts';

/** Enough to meet every track of an interleaved film. */
const firstPackets = 64;

/** More than an edit list hides of a track that it shows. */
const packetsOfOneTrack = 1000;

/**
 * Finds audio tracks that are announced and hold nothing, as recorders leave them: such a track would become a rendition
 * without a segment. One look at the film's start is enough for all tracks but those; for these the film is read through.
 * @param ask asks ffprobe and returns what it says
 * @param known streams of which a packet was seen already
 * @returns indexes of the streams
 */
export async function findEmptyAudio(
  { streams }: Pick<FfprobeJson, 'streams'>,
  ask: (args: readonly string[]) => Promise<string>,
  known: ReadonlySet<number> = new Set(),
): Promise<Set<number>> {
  const indexes = streams.filter(({ codec_type }) => codec_type === 'audio').map(({ index }) => index);
  if (indexes.every((index) => known.has(index))) return new Set();
  const packetsOf = async (select: string, packets: number) => {
    const interval = ['-read_intervals', `%+#${packets}`];
    const lines = await ask([
      ...['-select_streams', select, ...interval],
      ...['-of', 'csv=p=0', '-show_entries', 'packet=stream_index,flags'],
    ]);
    return (
      lines
        .split('\n')
        // D: the edit list hides it, as it does an encoder's first packet.
        .filter((line) => line !== '' && !line.includes('D'))
        .map((line) => Number.parseInt(line, 10))
    );
  };
  const seen = new Set([...known, ...(await packetsOf('a', firstPackets))]);
  const empty = new Set<number>();
  for (const index of indexes.filter((stream) => !seen.has(stream))) {
    if ((await packetsOf(String(index), packetsOfOneTrack)).length === 0) empty.add(index);
  }
  return empty;
}
