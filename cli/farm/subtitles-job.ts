import type { SubtitleKind } from '../../worker/src/probe/media.ts';
import type { Job, SubtitleChoice, SubtitleFile } from '../../worker/src/protocol/job.ts';
import { parseSource } from '../../worker/src/protocol/source-location.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { stemOf } from '../../worker/src/protocol/subtitle-file-name.ts';
import { filesJob } from './files-job.ts';

type Change = { subtitles: SubtitleFile[] } | { removeSubtitles: SubtitleChoice[] };

/** The job that adds subtitles to a published film, or removes some; it encodes nothing. */
export function subtitlesJob(
  state: Pick<JobState, 'id' | 'source' | 'title' | 'metadata'>,
  change: Change,
): Job {
  const job = filesJob(state, ['hls']);
  return { ...job, options: { ...job.options, ...change } };
}

/**
 * Where the file goes in the source bucket: beside the film, where it is found again should the film be made once more. Films
 * from elsewhere, and joined clips, have a folder.
 */
export function subtitlesKey(
  { id, source, sources }: Pick<JobState, 'id' | 'source' | 'sources'>,
  { extension, language, kind }: { extension: string; language: string; kind: SubtitleKind },
  sourceBucket: string,
): string {
  const place = parseSource(source, sourceBucket);
  const isOwn = sources === undefined && place.kind === 's3' && place.bucket === sourceBucket;
  const stem = isOwn ? stemOf(place.key) : `subtitles/${id}/film`;
  return [stem, language, ...(kind === 'subtitles' ? [] : [kind]), extension].join('.');
}
