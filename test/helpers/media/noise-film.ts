import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobOptions } from '../../../worker/src/protocol/job.ts';
import type { FaultFarm } from '../local-farm/fault-farm.ts';
import { ffmpeg } from './clips.ts';

/** A film of noise, which takes several megabytes a second: its files go up in parts. */
export const noiseFilm = {
  key: 'films/noise.mp4',
  /** To be made with `QUALITY` `high`. */
  options: { ladder: [{ rung: '360p', bitrate: 60_000_000 }] } satisfies JobOptions,
};

export async function putNoiseFilm({ farm, folder }: FaultFarm, seconds: number): Promise<void> {
  const path = join(folder, 'noise.mp4');
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=25:d=${seconds},noise=alls=70:allf=t`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '20', '-g', '50', '-pix_fmt', 'yuv420p'],
    ...['-c:a', 'aac', path],
  );
  await farm.put(noiseFilm.key, path);
}

/** @returns what says whether two films have the same pictures */
export async function picturesOf(film: Uint8Array, { folder }: Pick<FaultFarm, 'folder'>): Promise<string> {
  const path = join(folder, 'film.mp4');
  await writeFile(path, film);
  const copy = ['-map', '0:v:0', '-c', 'copy', '-bsf:v', 'h264_mp4toannexb'];
  return (await ffmpeg('-i', path, ...copy, '-f', 'md5', '-')).toString();
}

/** @param rendition its folder */
export async function streamPictures(faults: FaultFarm, rendition: string): Promise<string> {
  const { farm } = faults;
  const names = (await farm.keys(rendition)).filter((each) => each.endsWith('.m4s')).sort();
  const bytes = await Promise.all([`${rendition}init.mp4`, ...names].map((each) => farm.readBytes(each)));
  return picturesOf(Buffer.concat(bytes), faults);
}
