/** What is known of a track before its samples are read. */
export interface ExpectedTrack {
  kind: 'video' | 'audio' | 'text';
  /** At most. */
  samples: number;
  /** Where samples are a second or less apart. */
  seconds: number;
}

/** Of stsz (4), stts (8), ctts (8) and stss (4), as if no two frames of the video were alike; audio and text have the first two. */
const sampleBytes = { video: 24, audio: 12, text: 12 };

/** Of stsc (12) and co64 (8). */
const chunkBytes = 20;

/** Two a second, and one where a segment ends. */
const chunksPerSecond = 3;

/** Headers, descriptions, names and edit lists: of all, and of a track. */
const headBytes = 16 * 1024;
const trackBytes = 4 * 1024;

/** Room for the index of an MP4 before its samples are read: as much as it can take. What is left of it becomes a `free` box. */
export function indexRoomBytes(tracks: readonly ExpectedTrack[]): number {
  return tracks.reduce((sum, { kind, samples, seconds }) => {
    const chunks = kind === 'text' ? samples : seconds * chunksPerSecond;
    return sum + Math.ceil(samples * sampleBytes[kind] + chunks * chunkBytes) + trackBytes;
  }, headBytes);
}
