/** The film or the job will never work: told to the owner in `message`, moved to the dead letters at once, not retried. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  /** A short, stable word for machines, such as `not-media` or `too-long`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Trouble that the film itself probably causes, as its data is damaged. Tried again as any trouble, for the cause may be
 * another; when it was the last try, the job failed as `damaged`.
 */
export class DamagedFilmError extends Error {
  override readonly name = 'DamagedFilmError';
}

/** Someone asked the worker to stop. Costs the job no attempt. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/**
 * Every other error is trouble (storage, network, disk, a killed ffmpeg): the job comes back later and one attempt is
 * counted.
 */
export type FailureKind = 'refused' | 'interrupted' | 'trouble';

export function failureKind(error: unknown): FailureKind {
  if (error instanceof RefusedError) return 'refused';
  if (error instanceof InterruptedError) return 'interrupted';
  return 'trouble';
}
