import { RefusedError } from '../errors.ts';
import { rungNames } from '../plan/ladder.ts';
import {
  type FileFormat,
  fileOutputs,
  isCopied,
  isOfRung,
  longestGifSeconds,
  type OutputName,
} from '../plan/outputs.ts';
import type { Film, FilmRendition, FilmSubtitles } from '../protocol/status.ts';

/** A file to be made of a published film, and the renditions that it is made of. */
export interface FilmFile {
  /** Below `<plan>/files/`, such as `720p.mp4` or `audio-0-en.mp3`. */
  name: string;
  format: FileFormat;
  video?: FilmRendition;
  /** In the order of the film's tracks, the default first. */
  audio: FilmRendition[];
  /** Of an MP4. */
  text?: FilmSubtitles[];
}

/** A file of the published frames as they are. */
export type CopiedFile = FilmFile & { format: 'mp4' | 'm4a' };

export function isCopiedFile(file: FilmFile): file is CopiedFile {
  return isCopied(file.format);
}

/**
 * The files that a film becomes. Where the film has no such rung, the next smaller one is taken, and the file is named by
 * what it is; two outputs that come to the same are one file.
 * @throws RefusedError `gif-too-long`
 */
export function filmFiles(
  film: Pick<Film, 'renditions' | 'durationSeconds' | 'subtitles'>,
  outputs: readonly OutputName[],
): { files: FilmFile[]; warnings: string[] } {
  const videos = film.renditions.filter(({ kind }) => kind === 'video');
  // Players of files know AAC.
  const audio = film.renditions.filter(({ kind, codecs }) => kind === 'audio' && codecs !== 'ac-3');
  const files = new Map<string, FilmFile>();
  const warnings: string[] = [];
  for (const { format, rung } of fileOutputs(outputs)) {
    if (!isOfRung(format)) {
      if (audio.length === 0) warnings.push(`the film has no audio, so there is no ${format} file`);
      for (const track of audio) {
        const name = `${track.name}.${format}`;
        files.set(name, { name, format, audio: [track] });
      }
      continue;
    }
    const video = atMost(videos, rung);
    if (video === undefined) {
      warnings.push(`the film has no video, so there is no ${format} file`);
      continue;
    }
    if (format === 'gif') refuseLongGif(film);
    if (rung !== undefined && video.name !== rung)
      warnings.push(`the film has no rendition ${rung}: its ${format} file is ${video.name}`);
    const name = `${video.name}.${format}`;
    if (format === 'gif') files.set(name, { name, format, video, audio: [] });
    else if (format === 'webm') files.set(name, { name, format, video, audio });
    else files.set(name, { name, format, video, audio, text: film.subtitles ?? [] });
  }
  return { files: [...files.values()], warnings };
}

/** Whoever may watch could guess their names, and would need no key. @throws RefusedError `clear-files` */
export function refuseClearFiles(outputs: readonly OutputName[]): void {
  const files = outputs.filter((output) => output !== 'hls');
  if (files.length === 0) return;
  throw new RefusedError(
    'clear-files',
    `The film is encrypted, and ${files.join(', ')} would lie beside it in clear. Leave them out, or send the job with "encryption": "none".`,
  );
}

/** What can't be made is refused before anything is encoded. @throws RefusedError `gif-too-long` */
export function refuseImpossible(outputs: readonly OutputName[], film: Pick<Film, 'durationSeconds'>): void {
  if (fileOutputs(outputs).some(({ format }) => format === 'gif')) refuseLongGif(film);
}

function refuseLongGif({ durationSeconds }: Pick<Film, 'durationSeconds'>): void {
  if (durationSeconds <= longestGifSeconds) return;
  throw new RefusedError(
    'gif-too-long',
    `The film lasts ${durationSeconds.toFixed(1)} s, and a GIF may have ${longestGifSeconds} s. Ask for mp4 instead of gif, or send a shorter film.`,
  );
}

/** The largest rendition that is no larger than the rung; the smallest where all are. */
function atMost(videos: readonly FilmRendition[], rung: string | undefined): FilmRendition | undefined {
  const rank = ({ name }: Pick<FilmRendition, 'name'>) => (rungNames as readonly string[]).indexOf(name);
  const sorted = videos.toSorted((a, b) => rank(a) - rank(b));
  if (rung === undefined) return sorted[0];
  return sorted.find((video) => rank(video) >= rank({ name: rung })) ?? sorted.at(-1);
}
