import { join } from 'node:path';
import { ffmpeg } from './clips.ts';
import type { FaultFarm } from './fault-farm.ts';
import { pattern } from './pattern.ts';

/** A film that several workers can make in a fault farm: twelve parts of one segment, and the sound. */
export const longFilm = {
  key: 'films/long.mp4',
  parts: 13,
  film: { size: [160, 120] as [number, number], frames: 600, segments: 12, audioSeconds: [24] },
};

/** @returns the file, which is in the source bucket as well */
export async function putLongFilm({ farm, folder }: FaultFarm): Promise<string> {
  const path = join(folder, 'long.mp4');
  await ffmpeg(
    ...pattern({ width: 160, height: 120, seconds: 24 }),
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=24'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path],
  );
  await farm.put(longFilm.key, path);
  return path;
}
