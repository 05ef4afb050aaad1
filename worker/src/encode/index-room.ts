import type { FilmFile } from '../publish/film-files.ts';

/**
 * Samples lie in chunks of half a second of their track, and not each in one of its own, which takes an entry in two tables: the
 * index is half as large.
 */
export const chunkMicroseconds = 500_000;

/** Chunks a second of a track, at most: 2, and those that the meeting of tracks cuts in two or three. */
const chunksPerSecond = 8;

/** Entries of stsc (12) and co64 (8). */
const chunkBytes = 20;

/** Of stsz (4), stts (8), ctts (8) and stss (4), as if no two frames of the video were alike. */
const frameBytes = 24;

/** Of stsz and stts: what audio frames and cues take. */
const sampleBytes = 12;

/** AAC has 1024 samples a frame, at 48 kHz or less. */
const audioFramesPerSecond = 48_000 / 1024;

/** Renditions have no more. */
const maxFrameRate = 60;

/** Headers, descriptions and edit lists: of all, and of a track. */
const headBytes = 16 * 1024;
const trackBytes = 4 * 1024;

/** What stands around the room: the file type before it, and the head of the media data behind it. */
const aroundBytes = 1024;

/**
 * Room for the index (`moov`) of an MP4, before its media: as much as it can take, by what ffmpeg writes for each sample and chunk
 * (https://github.com/FFmpeg/FFmpeg/blob/n7.1/libavformat/movenc.c, `mov_write_stbl_tag`). What is left is a `free` box.
 */
export function indexRoomBytes(
  { video, audio, text = [] }: Pick<FilmFile, 'video' | 'audio' | 'text'>,
  { durationSeconds, title = '' }: { durationSeconds: number; title?: string | undefined },
): number {
  const seconds = durationSeconds + 10;
  const videoBytes = video ? (video.frameRate ?? maxFrameRate) * seconds * frameBytes : 0;
  const audioBytes = audio.length * audioFramesPerSecond * seconds * sampleBytes;
  // Between two cues stands an empty sample.
  const textBytes = text.reduce(
    (sum, { cues, label }) => sum + (2 * cues + 2) * (sampleBytes + chunkBytes) + 4 * label.length,
    0,
  );
  const tracks = (video ? 1 : 0) + audio.length;
  const chunksBytes = tracks * seconds * chunksPerSecond * chunkBytes;
  const heads = headBytes + (tracks + text.length) * trackBytes + 4 * title.length;
  return Math.ceil(1.02 * (videoBytes + audioBytes) + textBytes + chunksBytes + heads);
}

/** The first byte that ffmpeg doesn't write again when it writes the index. */
export function finalFromByte(indexRoom: number): number {
  return indexRoom + aroundBytes;
}
