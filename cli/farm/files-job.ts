import type { Job } from '../../worker/src/protocol/job.ts';
import type { Film, JobState } from '../../worker/src/protocol/status.ts';

/** The job that makes further files of a film that is published. */
export function filesJob(
  {
    id,
    source,
    sources,
    title,
    metadata,
  }: Pick<JobState, 'id' | 'source' | 'sources' | 'title' | 'metadata'>,
  outputs: string[],
): Job {
  return {
    id,
    ...(sources === undefined ? { source } : { sources }),
    ...(title === undefined ? {} : { title }),
    ...(metadata === undefined ? {} : { metadata }),
    // What becomes of the source was decided when the film was made.
    options: { outputs, addToFilm: true, keepSource: true },
  };
}

/** Why a published film can't have files: known before a job is sent for them, which would fail. */
export function whyNoFiles(
  id: string,
  { playlist, encryption }: Pick<Film, 'playlist' | 'encryption'>,
): { code: 'no-stream' | 'clear-files'; message: string } | undefined {
  if (playlist === undefined)
    return {
      code: 'no-stream',
      message: `The film of job "${id}" was made without its stream, of which files are made. Send the film again with all files that you want.`,
    };
  if (encryption !== undefined)
    return {
      code: 'clear-files',
      message: `The film of job "${id}" is encrypted, and files would lie beside it in clear. Send the film again with "encryption": "none" and all files that you want.`,
    };
  return undefined;
}
