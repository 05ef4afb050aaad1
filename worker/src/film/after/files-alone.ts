import { RefusedError } from '../../errors.ts';
import type { QueuedJob } from '../../protocol/job.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { Film } from '../../protocol/status.ts';
import { commitFiles, saveFilm } from '../../publish/film-record.ts';
import type { TranscodeRun } from '../film.ts';

/**
 * Ends the stream of a film whose job asked for files alone: no one finds it any more. Its segments go when the job's end is
 * reported. A worker that is lost on the way leaves the stream or the files committed, and the next one goes on.
 */
export async function endStream(
  { playlist: _, url, manifest, manifestUrl, storyboard, subtitles, renditions, ...film }: Film,
  folder: PlanFolder,
  { stores, signal }: Pick<TranscodeRun, 'stores' | 'signal'>,
): Promise<Film> {
  const { output } = stores;
  const { job } = folder;
  const left: Film = {
    ...film,
    bytes: (film.files ?? []).reduce((sum, { bytes }) => sum + bytes, 0),
    renditions: renditions.map(({ playlist: _, ...rest }) => rest),
  };
  await saveFilm(output, folder, left, signal);
  await commitFiles(output, folder, signal);
  await output.remove([job.commit, job.manifest], signal);
  return left;
}

export function noStream({ id }: QueuedJob, what: string): RefusedError {
  return new RefusedError(
    'no-stream',
    `The film "${id}" was made without its stream, so ${what}. Send its job again with "hls" among the outputs, or with all files that you want.`,
  );
}
