import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RefusedError } from '../errors.ts';
import { MediaToolError } from '../ffmpeg/media-tool.ts';
import type { Plan, TextPart, TextRendition } from '../plan/plan.ts';
import type { PartRecord } from '../protocol/part-record.ts';
import { describeSource } from '../protocol/source-location.ts';
import { publishText } from '../publish/publish-text.ts';
import { followUrl } from '../source/server.ts';
import { type Cue, SubtitleError } from '../text/cue.ts';
import { maxSubtitleBytes, type ReadSubtitles, readSubtitles, tooLarge } from '../text/read-subtitles.ts';
import type { EncodeContext } from './context.ts';
import { mpegtsOffsetSeconds } from './segment-arguments.ts';
import { type StreamText, streamTexts, textArguments } from './text-arguments.ts';
import { toFilmTime } from './text-clock.ts';

/** A rendition, its cues in film time, and what was left out of them. */
type MadeText = { rendition: TextRendition } & ReadSubtitles;

/**
 * Makes all subtitles of a film: its streams by one ffmpeg process, and the files beside it. Subtitles that can't be read become a
 * warning, never a failure.
 */
export async function makeText(context: EncodeContext, part: TextPart): Promise<PartRecord> {
  const { plan, output, folder, signal } = context;
  const startedAt = performance.now();
  const cwd = join(context.workDir, `part-${part.index}`);
  await mkdir(cwd, { recursive: true });
  try {
    const warnings: string[] = [];
    const made = [
      ...(await readStreams(context, part, cwd, warnings)),
      ...(await readFiles(context, warnings)),
    ];
    const records: PartRecord['renditions'] = [];
    const cutSeconds = [0, ...part.segmentCuts, endOf(plan)];
    const offsetSeconds = plan.segmentFormat === 'mpegts' ? mpegtsOffsetSeconds : 0;
    for (const { rendition, cues, problems } of made) {
      const { name } = rendition;
      warnings.push(...problems.map((problem) => `The subtitles ${sourceName(rendition)} ${problem}.`));
      await reading(rendition, warnings, async () => {
        const prefix = folder.file(`${name}/`);
        const segments = await publishText(output, prefix, cues, { cutSeconds, offsetSeconds, signal });
        for (const { bytes } of segments) context.onPublished(part, bytes);
        records.push({ name, codecs: 'wvtt', frames: cues.length, initBytes: 0, segments });
      });
    }
    const record: PartRecord = {
      version: 1,
      part: part.index,
      renditions: records,
      endSeconds: 0,
      sheets: [],
      warnings,
      encodeSeconds: (performance.now() - startedAt) / 1000,
    };
    await context.record(part, record, signal);
    return record;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function endOf({ video, durationSeconds }: Plan): number {
  return video?.durationSeconds ?? durationSeconds;
}

function sourceName({ from }: TextRendition): string {
  return from.kind === 'stream'
    ? `of stream ${from.index} (${from.codec})`
    : `"${describeSource(from.source)}"`;
}

function leftOut(rendition: TextRendition, why: string): string {
  return `The subtitles ${sourceName(rendition)} were left out: ${why}.`;
}

async function readStreams(
  context: EncodeContext,
  part: TextPart,
  cwd: string,
  warnings: string[],
): Promise<MadeText[]> {
  const texts = streamTexts(context.plan);
  if (texts.length === 0) return [];
  const written = await writeStreams(context, part, cwd, texts).then(
    () => texts,
    async (error: unknown) => {
      assertFilmsFault(context, error);
      // One of them may be what ffmpeg can't write: each alone.
      const good: StreamText[] = [];
      for (const text of texts) {
        await writeStreams(context, part, cwd, [text]).then(
          () => good.push(text),
          (failure: unknown) => {
            assertFilmsFault(context, failure);
            warnings.push(leftOut(text.rendition, 'ffmpeg could not read it'));
          },
        );
      }
      return good;
    },
  );
  const made: MadeText[] = [];
  for (const { rendition, file } of written) {
    await reading(rendition, warnings, async () => {
      const path = join(cwd, file);
      const { size } = await stat(path);
      if (size > maxSubtitleBytes) throw tooLarge(size);
      const { language } = rendition;
      // ffmpeg writes what the container has, and containers have UTF-8; some files do not keep to that.
      const move = (cues: readonly Cue[]) => toFilmTime(cues, context.plan);
      made.push({ rendition, ...readSubtitles(await readFile(path), { language }, move) });
    });
  }
  return made;
}

async function writeStreams(
  context: EncodeContext,
  part: TextPart,
  cwd: string,
  texts: readonly StreamText[],
): Promise<void> {
  const { plan, tools, urls, stallSeconds, sourceStalledSeconds, signal } = context;
  const [url] = urls;
  if (url === undefined) throw new TypeError('A film has at least one source.');
  await tools.ffmpeg({
    // As with audio: unpaced it would fetch the whole film once more.
    input: { url: plan.video ? followUrl(url) : url },
    ...textArguments(plan, texts),
    cwd,
    stallSeconds,
    isSourceStalled: () => sourceStalledSeconds() > 0,
    signal,
    onProgress: (progress) => context.onProgress(part, progress),
  });
}

/** @throws the error where it does not show that the subtitles are at fault */
function assertFilmsFault({ signal, sourceFailure }: EncodeContext, error: unknown): void {
  signal.throwIfAborted();
  const failure = sourceFailure();
  if (failure !== undefined) throw failure;
  if (!(error instanceof MediaToolError) || error.exitCode === null) throw error;
}

async function readFiles(context: EncodeContext, warnings: string[]): Promise<MadeText[]> {
  const made: MadeText[] = [];
  for (const rendition of context.plan.text ?? []) {
    const { from, language } = rendition;
    if (from.kind !== 'file') continue;
    await reading(rendition, warnings, async () => {
      const bytes = await context.readSideFile(from.source, maxSubtitleBytes);
      made.push({ rendition, ...readSubtitles(bytes, { encoding: from.encoding, language }) });
    });
  }
  return made;
}

/** What is wrong with subtitles becomes a warning. */
async function reading(
  rendition: TextRendition,
  warnings: string[],
  read: () => Promise<void>,
): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (error instanceof SubtitleError) warnings.push(leftOut(rendition, error.message));
    else if (error instanceof RefusedError)
      warnings.push(leftOut(rendition, error.message.replace(/\.$/, '')));
    else throw error;
  }
}
