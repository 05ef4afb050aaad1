import { fileOutputs, isCopied, type OutputName } from '../../plan/outputs.ts';
import type { Plan } from '../../plan/plan.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import { type PartRecord, partRecordSchema } from '../../protocol/part-record.ts';
import type { Film, FilmRendition } from '../../protocol/status.ts';
import { describeSubtitles } from '../../publish/assemble.ts';
import { type CopiedFile, filmFiles, isCopiedFile } from '../../publish/film-files.ts';
import { readJson } from '../../storage/read-json.ts';
import type { Store } from '../../storage/store.ts';

/**
 * The copies that a film becomes, as far as its plan says: renditions that look like others, and subtitles that can't be read, are
 * missing in the end.
 * @param records that of the subtitles, where there are some
 */
export function expectedCopies(
  plan: Plan,
  outputs: readonly OutputName[],
  {
    records,
    ...place
  }: { records: readonly PartRecord[]; folder: PlanFolder; publicUrl?: string | undefined },
): CopiedFile[] {
  const film: Pick<Film, 'renditions' | 'durationSeconds' | 'subtitles'> = {
    renditions: expectedRenditions(plan),
    durationSeconds: plan.durationSeconds,
    ...describeSubtitles({ plan, records, ...place }),
  };
  const copies = outputs.filter((output) => fileOutputs([output]).some(({ format }) => isCopied(format)));
  return filmFiles(film, copies).files.filter(isCopiedFile);
}

/** What is not known yet is zero. */
function expectedRenditions({ video, audio }: Plan): FilmRendition[] {
  const unknown = { bandwidth: 0, averageBandwidth: 0, bytes: 0, segments: 0 };
  return [
    ...(video?.renditions ?? []).map(
      ({ name }): FilmRendition => ({
        ...unknown,
        name,
        kind: 'video',
        codecs: '',
        ...(video && { frameRate: video.frameRate.num / video.frameRate.den }),
      }),
    ),
    ...audio.map(
      ({ name, language, codec }): FilmRendition => ({
        ...unknown,
        name,
        kind: 'audio',
        codecs: codec === 'ac3' ? 'ac-3' : '',
        ...(language && { language }),
      }),
    ),
  ];
}

/** @returns undefined as long as the film's subtitles are not made */
export async function subtitleRecords(
  plan: Plan,
  folder: PlanFolder,
  output: Store,
  signal: AbortSignal,
): Promise<PartRecord[] | undefined> {
  const part = plan.parts.find(({ kind }) => kind === 'text');
  if (part === undefined) return [];
  const record = await readJson(output, folder.record(part.index), partRecordSchema, signal);
  return record && [record];
}
