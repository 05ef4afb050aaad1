import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from './clips.ts';

const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=96x72:rate=12:duration=2'];
const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=2'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/** Frames of a small film: 2 s at 12 a second. The AVI one has a gap after its first frame, which is filled. */
export const smallFilmFrames = (extension: string) => (extension === 'avi' ? 25 : 24);

/** Small films in the containers that people send, by extension. */
export async function makeFilms(folder: string): Promise<Map<string, Buffer>> {
  const recipes: Record<string, string[]> = {
    mp4: [...picture, ...sound, ...h264, '-c:a', 'aac'],
    mov: [...picture, ...h264, '-movflags', '+faststart'],
    mkv: [...picture, ...sound, ...h264, '-c:a', 'aac'],
    ts: [...picture, ...sound, ...h264, '-c:a', 'aac'],
    avi: [...picture, ...sound, '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', '-c:a', 'mp3'],
    webm: [...picture, '-c:v', 'libvpx', '-b:v', '200k'],
  };
  const films = new Map<string, Buffer>();
  for (const [extension, args] of Object.entries(recipes)) {
    const path = join(folder, `base.${extension}`);
    await ffmpeg(...args, path);
    films.set(extension, await readFile(path));
  }
  return films;
}
