import { type RefusalCode, RefusedError } from '../errors.ts';
import type { MediaToolError } from '../ffmpeg/media-tool.ts';
import { describeKind } from './file-kinds.ts';
import { leaveStreamsOut, type MediaLimits } from './refuse.ts';

interface Rule {
  said: RegExp;
  code: RefusalCode;
  /** @param match what `said` found */
  message: (limits: MediaLimits, match: RegExpExecArray) => string;
}

/** What ffprobe says about a file that it could read and not understand, in words for the film's owner. */
const rules: Rule[] = [
  {
    // As in `[srt @ 0x5599d1d30240] Format not on whitelist 'mov,mp4,...'`.
    said: /\[([\w,]+) @ [^\]]*\] Format not on whitelist/,
    code: 'not-media',
    message: (_, [, format = '']) => describeKind(format),
  },
  {
    said: /not on whitelist/,
    code: 'not-media',
    message: () => 'The file points to another place instead of holding a film. Upload the film itself.',
  },
  {
    said: /moov atom not found/,
    code: 'not-media',
    message: () =>
      'The file is not a whole film: its index (the moov atom) is missing. It was cut short, its recording never ended, or it ' +
      'is not a film.  Upload it again, or repair it where it was recorded.',
  },
  {
    said: /exceeds max_streams/,
    code: 'too-many-streams',
    message: ({ streams }) =>
      `The film has more than ${streams} streams; ${streams} are allowed (MAX_STREAMS). ${leaveStreamsOut}`,
  },
  {
    said: /exceeds specified max pixel count/,
    code: 'too-many-pixels',
    message: ({ pixels }) =>
      `The picture has more than ${pixels} pixels, which is what is allowed (MAX_PIXELS).`,
  },
  {
    said: /Invalid data found when processing input|EBML header parsing failed/,
    code: 'not-media',
    message: () =>
      'The file is not a film or sound that ffmpeg can read: another kind of file, or damaged at its start. ' +
      'Check that it plays, and upload it again.',
  },
];

/** @returns undefined where ffprobe said nothing about the film: it was killed, or could not read its input */
export function refusal(error: MediaToolError, limits: MediaLimits): RefusedError | undefined {
  if (error.timedOut || error.killedBy) return undefined;
  for (const { said, code, message } of rules) {
    const match = said.exec(error.stderrTail);
    if (match) return new RefusedError(code, message(limits, match), { cause: error });
  }
  return undefined;
}
