import type { SideFile } from '../plan/text.ts';
import { normalizeLanguage } from '../probe/language.ts';
import type { QueuedJob, SubtitleFile } from '../protocol/job.ts';
import { describeSource, parseSource } from '../protocol/source-location.ts';
import {
  guessSubtitleName,
  isSubtitleFile,
  type NamedSubtitles,
  readSubtitleName,
  stemOf,
} from '../protocol/subtitle-file-name.ts';
import { isOutage } from '../storage/errors.ts';
import { mapLimited } from '../storage/limited.ts';
import { tooLarge } from '../text/read-subtitles.ts';
import type { TranscodeRun } from './film.ts';
import { type OpenedSource, openJobSource } from './open-source.ts';

type Run = Pick<TranscodeRun, 'settings' | 'stores' | 'log' | 'signal'>;

/** Files whose names begin as the film's does: a folder may hold more films with such names. */
const maxListed = 1000;

const listsAtOnce = 8;

/**
 * The subtitles that a job names, and those that lie beside its film. What can't be had becomes a warning.
 * @throws StorageError in an outage: the next attempt may find them
 */
export async function findSideFiles(
  job: QueuedJob,
  run: Run,
): Promise<{ files: SideFile[]; warnings: string[] }> {
  const named = job.options?.subtitles ?? [];
  const warnings: string[] = [];
  const files: SideFile[] = [];
  for (const each of named) {
    const opened = await openNamed(each, run, warnings);
    if (opened !== undefined) files.push(sideFile(each, opened, run));
  }
  const isNamed = ({ language, kind }: NamedSubtitles) =>
    files.some((file) => file.language === language && file.kind === kind);
  for (const { named: found, file } of await listBeside(job.source, run)) {
    if (!isNamed(found) && !files.some(({ source }) => source === file.source)) files.push(file);
  }
  if (named.length === 0) warnings.push(...(await warnOfClips(job, run)));
  return { files, warnings };
}

/** Those beside a clip have the times of that clip, and not of the joined film. */
async function warnOfClips({ sources = [] }: QueuedJob, run: Run): Promise<string[]> {
  const clips = [...new Set(sources.map(({ source }) => source))];
  const found = await mapLimited(clips, listsAtOnce, async (source) => ({
    source,
    count: (await listBeside(source, run)).length,
  }));
  return found.flatMap(({ source, count }) =>
    count === 0
      ? []
      : [
          `The subtitles beside the clip "${describeSource(source)}" were left out: name subtitles of the joined film in its job.`,
        ],
  );
}

async function openNamed(
  { source }: SubtitleFile,
  run: Run,
  warnings: string[],
): Promise<OpenedSource | undefined> {
  try {
    return await openJobSource(source, run);
  } catch (error) {
    run.signal.throwIfAborted();
    if (isOutage(error)) throw error;
    warnings.push(`The subtitles "${describeSource(source)}" were left out: ${(error as Error).message}`);
    return undefined;
  }
}

function sideFile(asked: SubtitleFile, { info }: OpenedSource, { settings }: Run): SideFile {
  return {
    ...describeNamed(asked),
    source: asked.source,
    version: info.versionId ?? info.etag,
    encoding: asked.encoding ?? settings.subtitleEncoding,
  };
}

/** What a job says of subtitles, and the file's name where it does not. */
export function describeNamed({ source, language, kind, name, default: isDefault }: SubtitleFile) {
  const guessed = guessSubtitleName(describeSource(source));
  return {
    language: normalizeLanguage(language) ?? guessed.language,
    kind: kind ?? guessed.kind,
    name,
    default: isDefault ?? guessed.default,
  };
}

/** `film.en.srt` beside `film.mp4`: only in a bucket, where names can be listed. */
async function listBeside(
  source: string | undefined,
  { settings, stores, log, signal }: Run,
): Promise<{ named: NamedSubtitles; file: SideFile }[]> {
  if (source === undefined) return [];
  const place = parseSource(source, settings.source.bucket);
  if (place.kind !== 's3') return [];
  const stem = stemOf(place.key);
  const found: { named: NamedSubtitles; file: SideFile }[] = [];
  let listed = 0;
  try {
    for await (const { key, etag } of stores.storeFor(place.bucket).list(`${stem}.`, signal)) {
      listed += 1;
      const named = isSubtitleFile(key) ? readSubtitleName(key, stem) : undefined;
      if (named !== undefined) {
        const { language, kind } = named;
        const encoding = settings.subtitleEncoding;
        const file = { source: `s3://${place.bucket}/${key}`, version: etag, language, kind, encoding };
        found.push({ named, file: { ...file, default: named.default } });
      }
      if (listed === maxListed) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isOutage(error)) throw error;
    // Rights to read a bucket need not be rights to list it.
    log.warn({ err: error }, 'could not look for subtitles beside the film');
  }
  return found;
}

/**
 * A file beside the film, whole; one that was corrected since the film was planned, as it is now.
 * @throws RefusedError, SubtitleError
 */
export async function readSideFile(
  source: string,
  maxBytes: number,
  run: Pick<Run, 'settings' | 'stores' | 'signal'>,
): Promise<Buffer> {
  const { object, info } = await openJobSource(source, run);
  if (info.sizeBytes > maxBytes) throw tooLarge(info.sizeBytes);
  const chunks: Buffer[] = [];
  const range = { start: 0, end: info.sizeBytes - 1 };
  for await (const chunk of await object.readRange(range, info, run.signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
