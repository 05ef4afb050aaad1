import { randomUUID } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type Command, Option } from 'commander';
import { normalizeLanguage } from '../../worker/src/probe/language.ts';
import { type SubtitleKind, subtitleKinds } from '../../worker/src/probe/media.ts';
import type { Job } from '../../worker/src/protocol/job.ts';
import type { FilmSubtitles, JobState } from '../../worker/src/protocol/status.ts';
import {
  guessSubtitleName,
  isSubtitleFile,
  subtitleExtensions,
} from '../../worker/src/protocol/subtitle-file-name.ts';
import { isEncoding } from '../../worker/src/text/decode.ts';
import { readSubtitles } from '../../worker/src/text/read-subtitles.ts';
import { UserError } from '../errors.ts';
import { knownJob } from '../farm/jobs.ts';
import { type CommonOptions, type Context, farmCommand, here, withFarm } from '../farm/run.ts';
import { nextStorageSecond } from '../farm/storage-time.ts';
import { subtitlesJob, subtitlesKey } from '../farm/subtitles-job.ts';
import { jobLines } from '../jobs/text.ts';
import { sendJob } from '../submit/send.ts';
import { waitForJobs } from '../submit/wait.ts';
import { fileProblem } from '../text/file-problem.ts';
import { styleFor } from '../text/style.ts';

type ChangeOptions = CommonOptions & { wait?: true; kind?: SubtitleKind };
type AddOptions = ChangeOptions & { language?: string; name?: string; default?: true; encoding?: string };

/** `farm subtitles`: those of a published film, listed, added, corrected and removed; nothing is encoded. */
export function subtitlesCommand(): Command {
  return farmCommand('subtitles')
    .enablePositionalOptions()
    .argument('<job>', 'id of a job whose film is published')
    .action((id: string, options: CommonOptions) => withFarm(options, (context) => list(id, context)))
    .addCommand(
      farmCommand('list')
        .description('List the subtitles of a film')
        .argument('<job>', 'id of a job whose film is published')
        .action((id: string, options: CommonOptions) => withFarm(options, (context) => list(id, context))),
    )
    .addCommand(
      changeCommand('add')
        .description('Add subtitles to a film, or replace those of the same language and kind')
        .argument('<job>', 'id of a job whose film is published')
        .argument('<file>', `subtitles: ${subtitleExtensions.join(', ')}`)
        .option('--language <tag>', 'RFC 5646 tag, such as en or pt-BR, instead of what the file name says')
        .option('--name <name>', 'what viewers choose by, instead of the name of the language')
        .option('--default', 'shown unless a viewer turns it off')
        .option('--encoding <name>', 'of its text, such as windows-1252, instead of what is detected')
        .action((id: string, file: string, options: AddOptions) =>
          withFarm(options, (context) => add(id, file, options, context)),
        ),
    )
    .addCommand(
      changeCommand('remove')
        .alias('delete')
        .description('Remove subtitles from a film')
        .argument('<job>', 'id of a job whose film is published')
        .argument('<language>', 'RFC 5646 tag, such as en; "und" for those without a language')
        .action((id: string, language: string, options: ChangeOptions) =>
          withFarm(options, (context) => remove(id, language, options, context)),
        ),
    );
}

function changeCommand(name: string): Command {
  return farmCommand(name)
    .addOption(new Option('--kind <kind>', 'for whom or what they are').choices(subtitleKinds))
    .option('--wait', 'follow the job to its end; Ctrl-C leaves it running');
}

async function list(id: string, { farm, say, answer }: Context): Promise<void> {
  const { film } = await publishedJob(await knownJob(farm, id));
  const subtitles = film?.subtitles ?? [];
  if (subtitles.length === 0)
    say(`The film of job ${id} has no subtitles. Add some: farm subtitles add ${id} FILE`);
  for (const track of subtitles) say(trackLine(track));
  answer({ job: id, subtitles });
}

function trackLine({ language = 'und', kind, label, cues, default: isDefault }: FilmSubtitles): string {
  return [
    language.padEnd(8),
    kind.padEnd(9),
    label,
    `(${cues} ${cues === 1 ? 'cue' : 'cues'}${isDefault ? ', default' : ''})`,
  ].join('  ');
}

async function add(id: string, file: string, options: AddOptions, context: Context): Promise<void> {
  const guessed = guessSubtitleName(basename(file));
  const given = options.language;
  const language = given === undefined ? guessed.language : normalizeLanguage(given);
  if (given !== undefined && language === undefined)
    throw new UserError(`"${given}" is not a language tag. Use one such as en, de or pt-BR.`);
  const { encoding, name } = options;
  if (encoding !== undefined && !isEncoding(encoding))
    throw new UserError(
      `"${encoding}" is not the name of an encoding. Use one such as utf-8 or windows-1252.`,
    );
  if (!isSubtitleFile(file))
    throw new UserError(`${file} is not a file of subtitles: expected ${subtitleExtensions.join(', ')}.`);
  const { size } = await stat(resolve(here(), file)).catch((error: Error) => {
    throw new UserError(`The subtitles can't be read: ${fileProblem(error, file) ?? error.message}.`);
  });
  if (language === undefined)
    throw new UserError(`The name of ${file} does not say its language. Say it: --language en`);
  const bytes = await readChecked(file, size, { encoding, language });
  const kind = options.kind ?? guessed.kind;
  const state = publishedJob(await knownJob(context.farm, id));
  const { farm, stop } = context;
  const { sourceBucket: Bucket } = farm.address;
  const Key = subtitlesKey(
    state,
    { extension: extname(file).slice(1).toLowerCase(), language, kind },
    Bucket,
  );
  await farm.source.send(new PutObjectCommand({ Bucket, Key, Body: bytes, ContentType: 'text/plain' }), {
    abortSignal: stop,
  });
  const isDefault = options.default ?? guessed.default;
  const source = `s3://${Bucket}/${Key}`;
  const job = subtitlesJob(state, {
    subtitles: [
      {
        ...{ source, language, kind, default: isDefault },
        ...(name === undefined ? {} : { name }),
        ...(encoding === undefined ? {} : { encoding }),
      },
    ],
  });
  await send(
    job,
    `${language} subtitles of job ${id} will be added`,
    { source, language, kind },
    options,
    context,
  );
}

/** What no player could show is not sent. @throws UserError */
async function readChecked(
  file: string,
  sizeBytes: number,
  known: { encoding?: string | undefined; language: string },
): Promise<Buffer> {
  const bytes = sizeBytes > 2 ** 30 ? Buffer.alloc(0) : await readFile(resolve(here(), file));
  try {
    readSubtitles(bytes, known);
  } catch (error) {
    throw new UserError(`${file} has no subtitles that can be shown: ${(error as Error).message}.`);
  }
  return bytes;
}

async function remove(id: string, given: string, options: ChangeOptions, context: Context): Promise<void> {
  const language = normalizeLanguage(given);
  if (language === undefined && given !== 'und')
    throw new UserError(`"${given}" is not a language tag. Use one such as en, de or pt-BR.`);
  const { kind } = options;
  const state = publishedJob(await knownJob(context.farm, id));
  const isMeant = (track: FilmSubtitles) =>
    track.language === language && (kind === undefined || track.kind === kind);
  const found = state.film?.subtitles?.filter(isMeant) ?? [];
  if (found.length === 0)
    throw new UserError(`The film of job ${id} has no such subtitles. See: farm subtitles list ${id}`);
  const choice = { ...(language && { language }), ...(kind && { kind }) };
  const job = subtitlesJob(state, { removeSubtitles: [choice] });
  await send(job, `${given} subtitles of job ${id} will be removed`, choice, options, context);
}

async function send(
  job: Job,
  what: string,
  change: object,
  { wait }: ChangeOptions,
  { farm, stop, say, answer }: Context,
): Promise<void> {
  const since = wait ? await nextStorageSecond(farm) : undefined;
  await sendJob(farm, job, randomUUID(), { signal: stop });
  if (since === undefined) {
    say(`${what}. Follow it: farm status ${job.id}`);
    answer({ job: job.id, ...change });
    return;
  }
  const [ended] = await waitForJobs(farm, [{ id: job.id }], since, stop);
  if (ended) for (const line of jobLines(ended, styleFor(process.stdout))) say(line);
  answer({ job: job.id, ...change, state: ended });
  if (ended?.state === 'failed') process.exitCode = 2;
}

function publishedJob(state: JobState): JobState {
  const { id, state: name, film } = state;
  if (name !== 'succeeded' && name !== 'failed')
    throw new UserError(
      `Job "${id}" is ${name}. Its subtitles are known when it has ended: farm status ${id}`,
    );
  if (film === undefined) throw new UserError(`Job "${id}" has no film. See "farm status ${id}".`);
  return state;
}
