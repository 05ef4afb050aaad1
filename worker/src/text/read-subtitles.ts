import { parseAss } from './ass.ts';
import { type Cue, SubtitleError } from './cue.ts';
import { decodeText } from './decode.ts';
import { parseSrt } from './srt.ts';
import { parseTtml } from './ttml.ts';
import { parseVtt } from './vtt.ts';

/** A film of three hours has 3,000 cues in 200 kB. */
export const maxSubtitleBytes = 10 * 2 ** 20;

/** More are typesetting of signs, or made to do harm: a browser holds all cues of a track in memory. */
const maxCues = 50_000;

/** The longest that a cue may be shown. */
const maxCueMs = 3_600_000;

export interface ReadSubtitles {
  /** In order of time, each shown for a while, none before the film's zero. */
  cues: Cue[];
  /** What was left out, in words that follow the file's name. */
  problems: string[];
}

/**
 * Reads a subtitle file of any of the known formats, by what it holds and not by its name.
 * @param toFilmTime moves cues that are in another time, given in the order of the file
 * @throws SubtitleError when nothing of it can be shown
 */
export function readSubtitles(
  bytes: Uint8Array,
  known: { encoding?: string | undefined; language?: string | undefined } = {},
  toFilmTime: (cues: readonly Cue[]) => readonly Cue[] = (cues) => cues,
): ReadSubtitles {
  if (bytes.length > maxSubtitleBytes) throw tooLarge(bytes.length);
  return orderCues(toFilmTime(parse(decodeText(bytes, known))));
}

export function tooLarge(sizeBytes: number): SubtitleError {
  const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  return new SubtitleError(
    `it has ${megabytes(sizeBytes)} MiB, and subtitles may have ${megabytes(maxSubtitleBytes)} MiB`,
  );
}

function parse(text: string): Cue[] {
  const start = text
    .slice(0, 4096)
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (/^WEBVTT(\s|$)/.test(start)) return parseVtt(text.replace(/^\uFEFF?\s*/, ''));
  if (/^\[(script info|v4\+? styles|events)\]/i.test(start)) return parseAss(text);
  if (/^<(\?xml|(\w+:)?tt[\s>]|!--)/.test(start)) return parseTtml(text);
  return parseSrt(text);
}

/** Cues of any order and length as those of a film. @throws SubtitleError when none is left */
function orderCues(found: readonly Cue[]): ReadSubtitles {
  const problems: string[] = [];
  const shown = found
    .map((cue) => ({
      ...cue,
      startMs: Math.max(0, cue.startMs),
      endMs: Math.min(cue.endMs, cue.startMs + maxCueMs),
    }))
    .filter(({ startMs, endMs, text }) => endMs > startMs && text !== '')
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const kept = shown.slice(0, maxCues);
  if (shown.length > kept.length)
    problems.push(`have ${shown.length} cues: those after the first ${maxCues} were left out`);
  if (kept.length === 0) throw new SubtitleError('no cue of it can be shown');
  return { cues: kept, problems };
}
