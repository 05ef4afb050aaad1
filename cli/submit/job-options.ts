import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Job, jobFieldsSchema } from '../../worker/src/protocol/job.ts';
import { UserError } from '../errors.ts';
import { here } from '../farm/run.ts';
import { fileProblem } from '../text/file-problem.ts';
import { printable } from '../text/style.ts';
import { optionProblems } from './option-problems.ts';

/** What the flags say of a job. */
export interface JobOptionFlags {
  id?: string;
  title?: string;
  metadata?: string;
  force?: true;
  deleteSource?: true;
  include480p?: true;
  quality?: string;
  expectedViews?: string;
  measure?: string;
  minVmaf?: string;
  ladder?: string;
  loudness?: string;
  music?: string;
  musicVolume?: string;
  musicDuck?: string;
  early?: true;
  encryption?: string;
  outputs?: string[];
  size?: string;
  fit?: string;
  crossfade?: string;
  segmentSeconds?: string;
  thumbnailAt?: string;
  workers?: string;
  webhook?: string;
  preset?: string;
  lane?: string;
  batch?: { id: string; jobs: number };
  /** A file of job options in JSON. */
  options?: string;
}

export type JobFields = Pick<Job, 'title' | 'metadata' | 'options'>;

const flaggedOptionsSchema = jobFieldsSchema.pick({ title: true, metadata: true, options: true });

/** Validated as the worker validates jobs. @throws UserError that names the flag, the value and what is allowed */
export function readJobOptions(flags: JobOptionFlags): JobFields {
  const typed = given({
    force: flags.force,
    keepSource: flags.deleteSource ? false : undefined,
    include480p: flags.include480p,
    quality: flags.quality,
    expectedViews: number(flags.expectedViews),
    measure: flags.measure,
    minVmaf: number(flags.minVmaf),
    ladder: textOrJson(flags.ladder),
    loudness: number(flags.loudness),
    music: musicOf(flags),
    early: flags.early,
    encryption: flags.encryption,
    outputs: flags.outputs,
    fit: flags.fit,
    size: flags.size,
    crossfade: number(flags.crossfade),
    segmentSeconds: number(flags.segmentSeconds),
    thumbnailAt: number(flags.thumbnailAt),
    workersPerFilm: number(flags.workers),
    webhook: flags.webhook,
    preset: flags.preset,
    lane: flags.lane,
    batch: flags.batch,
  });
  const fromFile = flags.options === undefined ? undefined : readOptionsFile(flags.options);
  const wanted = {
    title: flags.title,
    metadata: flags.metadata === undefined ? undefined : parseJson('--metadata', flags.metadata),
    // What the flags say comes before what the file says.
    options: fromFile || Object.keys(typed).length > 0 ? { ...fromFile, ...typed } : undefined,
  };
  const parsed = flaggedOptionsSchema.safeParse(wanted);
  if (!parsed.success) {
    throw new UserError(optionProblems(parsed.error, wanted, typed));
  }
  // Through JSON, as it will travel: leaves out what is undefined.
  return JSON.parse(JSON.stringify(parsed.data)) as JobFields;
}

/** @throws UserError for a volume of no music */
function musicOf({ music: source, musicVolume, musicDuck }: JobOptionFlags): object | undefined {
  const volumes = { volume: number(musicVolume), duck: number(musicDuck) };
  if (source !== undefined) return { source, ...volumes };
  if ((musicVolume ?? musicDuck) === undefined) return undefined;
  throw new UserError('--music-volume and --music-duck need --music, which names the music.');
}

function number(text: string | undefined): string | number | undefined {
  return text !== undefined && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function given(flags: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}

function readOptionsFile(path: string): object {
  let text: string;
  try {
    text = readFileSync(resolve(here(), path), 'utf8');
  } catch (error) {
    throw new UserError(`--options: ${fileProblem(error, path) ?? (error as Error).message}.`);
  }
  const value = parseJson('--options', text, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UserError(
    `--options: ${path} is not a JSON object. Use the "options" of a job, such as {"overlays":[{"text":"Hello"}]}.`,
  );
}

export function hasJobOptions(fields: JobFields): boolean {
  return Object.keys(fields).length > 0;
}

function textOrJson(text: string | undefined): unknown {
  return text !== undefined && /^\s*[[{]/.test(text) ? parseJson('--ladder', text) : text;
}

function parseJson(flag: string, text: string, name = text): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 says some of its text, and that it is not valid JSON, once more.
    const why = (error as Error).message.replace(/, (\.\.\.)?".*is not valid JSON$/s, '');
    throw new UserError(printable(`${flag}: ${name} is not valid JSON: ${why}.`));
  }
}
