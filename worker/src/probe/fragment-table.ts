import type { FfprobeStream } from './ffprobe-json.ts';

/**
 * ffmpeg looks for every fragment of a fragmented MP4 before it reads the first one, unless the file has an index (`sidx`): each part of
 * a film would fetch the whole file. Recorders that end well leave a table of the fragments at the file's end (`mfra`), which ffmpeg
 * goes by when it is asked to (mov.c, `mov_read_mfra`).
 */
export const byFragmentTable = ['-use_mfra_for', 'pts'] as const;

/** A header that lists fewer frames than this share leaves the rest to fragments. */
const listedShare = 0.9;

export function isFragmented(
  format: string,
  { nb_frames = 0, avg_frame_rate: rate, duration }: FfprobeStream,
): boolean {
  if (!format.split(',').includes('mov') || rate === undefined || duration === undefined) return false;
  return nb_frames < listedShare * duration * (rate.num / rate.den);
}

/** Packets that are held against each other, at each of two places. */
const compared = 50;

/** The table may lead to an earlier fragment, but not much further back: parts are worth less then. */
const maxDetour = 600;

/**
 * Whether the table can be trusted: at the film's start and in its middle, the same packets have the same times as without it. They do not
 * where composition offsets are negative, as ffmpeg moves all times by the largest of those that it has seen.
 * @param ask asks ffprobe and returns what it says
 */
export async function fragmentTableWorks(
  { index, startSeconds, durationSeconds }: { index: number; startSeconds: number; durationSeconds: number },
  ask: (args: readonly string[]) => Promise<string>,
): Promise<boolean> {
  const middle = (startSeconds + durationSeconds / 2).toFixed(3);
  const read = async (options: readonly string[], inMiddle: number) => {
    const packets = await ask([
      ...[...options, '-select_streams', String(index)],
      ...['-read_intervals', `${startSeconds.toFixed(3)}%+#${compared},${middle}%+#${inMiddle}`],
      ...['-of', 'csv=p=0', '-show_entries', 'packet=pts_time,pos'],
    ]);
    const lines = packets.split('\n').filter((line) => line !== '');
    return [lines.slice(0, compared), lines.slice(compared)] as const;
  };
  const [start, later] = await read([], compared);
  const [startByTable, laterByTable] = await read(byFragmentTable, maxDetour);
  return later.length > 0 && isWithin(start, startByTable) && isWithin(later, laterByTable);
}

/** Whether the packets are there one after the other, with nothing missing between them. */
function isWithin(packets: readonly string[], found: readonly string[]): boolean {
  const from = found.indexOf(packets[0] ?? '');
  return from >= 0 && packets.every((packet, n) => packet === found[from + n]);
}
