import { DamagedFilmError, RefusedError } from '../errors.ts';
import { MediaToolError } from '../ffmpeg/media-tool.ts';

/** ffmpeg's exit code when over two thirds of the frames can't be decoded: its option -max_error_rate. */
const exitTooManyErrors = 69;

/** What versions before 7 say where not one frame was decoded. */
export const nothingDecoded = /Cannot determine format of input/;

const noDecoder = /(?:Decoder \(codec |no decoder found for: )(\w+)/;

/** ffmpeg's word for damaged data. */
const damagedData = /Invalid data found when processing input/;

/**
 * @param clip which of joined clips failed
 * @throws RefusedError, DamagedFilmError where ffmpeg said that the film is to blame; else the error itself
 */
export function blameFilm(error: unknown, clip?: number): never {
  const where = clip === undefined ? '' : `Clip ${clip + 1}: `;
  if (!(error instanceof MediaToolError)) throw error;
  if (error.exitCode === exitTooManyErrors || nothingDecoded.test(error.stderrTail)) {
    const message =
      'The film is damaged: most of its frames cannot be decoded. Check that it plays, and upload it again.';
    throw new RefusedError('damaged', where + message, { cause: error });
  }
  const codec = noDecoder.exec(error.stderrTail)?.[1];
  if (codec !== undefined) {
    const message = `The film is in the format ${codec}, which the farm cannot decode. Convert it to H.264 or HEVC.`;
    throw new RefusedError('no-decoder', where + message, { cause: error });
  }
  if (error.exitCode === null || !damagedData.test(error.stderrTail)) throw error;
  const message = 'The film is damaged, and ffmpeg gave up on it. Play it to its end, or upload it again.';
  throw new DamagedFilmError(where + message, { cause: error });
}
