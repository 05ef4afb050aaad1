/** A segment is whole, and there is nothing to be seen in it: a mistake of ffmpeg's, or a part behind the film's early end. */
export class NothingInsideError extends Error {
  override readonly name = 'NothingInsideError';
}
