import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from './clips.ts';
import { type Look, type Picture, readLook, type Turn } from './pattern.ts';
import type { Published } from './transcoding.ts';

export interface ReadPictures {
  poster: { width: number; height: number; look: Look };
  /** In the order of the WebVTT file. */
  tiles: {
    fromSeconds: number;
    toSeconds: number;
    file: string;
    inside: boolean;
    width: number;
    height: number;
    look: Look;
  }[];
}

/** Reads poster and storyboard as a player would: the WebVTT, the sheets that it names, the tiles in them. */
export async function readPictures({ folder, film }: Published, turn: Turn = 0): Promise<ReadPictures> {
  const planFolder = join(folder, film.plan);
  const cues = readCues(await readFile(join(planFolder, 'storyboard.vtt'), 'utf8'));
  const sheets = [...new Set(cues.map(({ file }) => file))];
  const pictures = await readAll(['poster.jpg', ...sheets].map((file) => join(planFolder, file)));
  const poster = pictures[0] as Picture;
  return {
    poster: { width: poster.width, height: poster.height, look: readLook(poster, turn) },
    tiles: cues.map(({ place: [x = 0, y = 0, width = 0, height = 0], ...cue }) => {
      const sheet = pictures[1 + sheets.indexOf(cue.file)] as Picture;
      const inside = x + width <= sheet.width && y + height <= sheet.height;
      return { ...cue, inside, width, height, look: readLook({ ...sheet, x, y, width, height }, turn) };
    }),
  };
}

const cuePattern = /^(\S+) --> (\S+)\n(.+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm;

function readCues(text: string) {
  if (!text.startsWith('WEBVTT\n')) throw new Error('storyboard.vtt is not WebVTT');
  return [...text.matchAll(cuePattern)].map(([, from = '', to = '', file = '', ...place]) => ({
    fromSeconds: toSeconds(from),
    toSeconds: toSeconds(to),
    file,
    place: place.map(Number),
  }));
}

function toSeconds(timestamp: string): number {
  return timestamp.split(':').reduce((sum, field) => sum * 60 + Number(field), 0);
}

/** One ffmpeg decodes them all, to a format whose header reports the size. */
async function readAll(paths: readonly string[]): Promise<Picture[]> {
  await ffmpeg(
    ...paths.flatMap((path) => ['-i', path]),
    ...paths.flatMap((path, index) => [
      '-map',
      `${index}:v`,
      '-pix_fmt',
      'rgb24',
      '-c:v',
      'ppm',
      '-f',
      'image2',
      '-update',
      '1',
      `${path}.ppm`,
    ]),
  );
  return Promise.all(
    paths.map(async (path) => {
      const data = await readFile(`${path}.ppm`);
      const header = /^P6\s(\d+)\s(\d+)\s255\s/.exec(data.toString('latin1', 0, 40));
      const [width, height] = [Number(header?.[1]), Number(header?.[2])];
      return { pixels: data.subarray(header?.[0].length), stride: width, x: 0, y: 0, width, height };
    }),
  );
}
