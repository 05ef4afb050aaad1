/** What is shown of a subtitle track from one time to another. Times are milliseconds from the film's zero. */
export interface Cue {
  startMs: number;
  endMs: number;
  /** WebVTT cue text (https://www.w3.org/TR/webvtt1/#webvtt-cue-text): made by `cue-text.ts`, so it holds safe markup alone. */
  text: string;
  /** WebVTT cue settings, such as `line:10% align:start`; undefined for the bottom of the picture. */
  settings?: string;
}

/** A subtitle file that can't be read, in words that complete "The subtitles film.en.srt were left out: …". */
export class SubtitleError extends Error {
  override readonly name = 'SubtitleError';
}
