import { join } from 'node:path';
import type { FaultFarm } from '../local-farm/fault-farm.ts';
import { makeCountedFilm } from './counted-film.ts';

/** A film that several workers can make in a fault farm: twelve parts of one segment, and the sound. */
export const longFilm = {
  key: 'films/long.mp4',
  parts: 13,
  film: { size: [160, 120] as [number, number], frames: 600, segments: 12, audioSeconds: [24] },
};

/** @returns the file, which is in the source bucket as well */
export async function putLongFilm({ farm, folder }: FaultFarm): Promise<string> {
  const path = join(folder, 'long.mp4');
  await makeCountedFilm(path, { size: longFilm.film.size, seconds: 24 });
  await farm.put(longFilm.key, path);
  return path;
}
