import { ffmpeg } from './clips.ts';
import { pattern } from './pattern.ts';

/**
 * Makes a film whose picture counts its frames, 25 a second, under one long tone: H.264 with a keyframe every 2 s, and AAC.
 */
export async function makeCountedFilm(
  path: string,
  { size: [width, height], seconds }: { size: [width: number, height: number]; seconds: number },
): Promise<void> {
  await ffmpeg(
    ...pattern({ width, height, seconds }),
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path],
  );
}
