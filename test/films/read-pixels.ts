import { join } from 'node:path';
import { ffmpeg } from '../helpers/media/clips.ts';
import type { ReadFilm, ReadRendition } from '../helpers/media/read-film.ts';
import type { Published } from '../helpers/media/transcoding.ts';

/** Three channels of one pixel. */
export type Pixel = readonly [number, number, number];

/** Y, Cb and Cr as they are stored, in the middle of a frame of every rendition, by its name. */
export async function readCentres({ video }: ReadFilm, frame = 0): Promise<Map<string, Pixel>> {
  const centres = await Promise.all(
    video.map(
      async (rendition): Promise<[string, Pixel]> => [rendition.name, await centre(rendition, frame)],
    ),
  );
  return new Map(centres);
}

async function centre({ joinedPath, stream }: ReadRendition, frame: number): Promise<Pixel> {
  const [width, height] = [stream.width ?? 0, stream.height ?? 0];
  const one = ['-vf', `select=eq(n\\,${frame})`, '-frames:v', '1'];
  const data = await ffmpeg('-i', joinedPath, ...one, '-f', 'rawvideo', '-');
  const half = { width: width / 2, height: height / 2 };
  const luma = data[Math.floor(height / 2) * width + Math.floor(width / 2)] ?? 0;
  const at = Math.floor(half.height / 2) * half.width + Math.floor(half.width / 2);
  const chroma = (plane: number) => data[width * height + plane * half.width * half.height + at] ?? 0;
  return [luma, chroma(0), chroma(1)];
}

/** Red, green and blue in the middle of the poster, and of the first tile of the storyboard. */
export async function readPictureColours({
  folder,
  film,
}: Published): Promise<{ poster: Pixel; tile: Pixel }> {
  const rgb = async (file: string, filter: string): Promise<Pixel> => {
    const path = join(folder, film.plan, file);
    const [red = 0, green = 0, blue = 0] = await ffmpeg(
      ...['-i', path, '-vf', `${filter},scale=1:1:flags=area`, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
    );
    return [red, green, blue];
  };
  return {
    poster: await rgb('poster.jpg', 'crop=16:16'),
    tile: await rgb('storyboard/0000-1.jpg', 'crop=16:16:40:30'),
  };
}
