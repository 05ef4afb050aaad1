import type { Job } from '../../worker/src/protocol/job.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';

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
