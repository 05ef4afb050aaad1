/** Why a film or a job is refused, for machines. docs/jobs.md explains each. */
export const refusalCodes = [
  'bad-message',
  'source-missing',
  'source-empty',
  'source-replaced',
  'source-archived',
  'source-address',
  'source-ranges',
  'not-media',
  'no-streams',
  'no-decoder',
  'no-frames',
  'encrypted',
  'clear-files',
  'dolby-vision',
  'no-duration',
  'short-source',
  'too-long',
  'too-long-for-function',
  'too-many-pixels',
  'too-many-streams',
  'too-small',
  'bad-size',
  'clock-jumps',
  'gif-too-long',
  'no-audio',
  'no-video',
  'clip-range',
  'no-film',
  'no-stream',
  'unknown-font',
  'bad-image',
  'bad-music',
  'damaged',
] as const;

export type RefusalCode = (typeof refusalCodes)[number];

/** Why a job ends as failed: a refusal, or what its last attempt met. */
export type FailureCode = RefusalCode | 'trouble' | 'workers-lost' | 'cancelled';

/** The film or the job will never work: its owner gets the reason, and the job goes to the dead letters without a retry. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Trouble that damaged data in the film probably causes. Retried as any trouble, since the cause may be another; after the
 * last attempt the job fails as `damaged`.
 */
export class DamagedFilmError extends Error {
  override readonly name = 'DamagedFilmError';
}

/** The worker was asked to stop. Costs the job no attempt. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** The job was stopped: by its owner, by a worker that could not make it, or because it was sent again. */
export class StoppedError extends InterruptedError {}

/** Every other error is trouble (storage, network, disk, a killed ffmpeg): it costs one attempt, and the job is retried. */
export type FailureKind = 'refused' | 'interrupted' | 'trouble';

export function failureKind(error: unknown): FailureKind {
  if (error instanceof RefusedError) return 'refused';
  if (error instanceof InterruptedError) return 'interrupted';
  return 'trouble';
}
