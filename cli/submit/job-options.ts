import { type Job, jobFieldsSchema } from '../../worker/src/protocol/job.ts';
import { UserError } from '../errors.ts';
import { optionProblems } from './option-problems.ts';

/** What the flags say of a job. */
export interface JobOptionFlags {
  id?: string;
  title?: string;
  metadata?: string;
  force?: true;
  deleteSource?: true;
  include480p?: true;
  ladder?: string;
  outputs?: string[];
  segmentSeconds?: string;
  thumbnailAt?: string;
  workers?: string;
  webhook?: string;
}

export type JobFields = Pick<Job, 'title' | 'metadata' | 'options'>;

const flaggedOptionsSchema = jobFieldsSchema.pick({ title: true, metadata: true, options: true });

/** Validated as the worker validates jobs. @throws UserError that names the flag, the value and what is allowed */
export function readJobOptions(flags: JobOptionFlags): JobFields {
  const number = (text: string | undefined) =>
    text !== undefined && text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  const options = {
    force: flags.force,
    keepSource: flags.deleteSource ? false : undefined,
    include480p: flags.include480p,
    ladder: textOrJson(flags.ladder),
    outputs: flags.outputs,
    segmentSeconds: number(flags.segmentSeconds),
    thumbnailAt: number(flags.thumbnailAt),
    workersPerFilm: number(flags.workers),
    webhook: flags.webhook,
  };
  const wanted = {
    title: flags.title,
    metadata: flags.metadata === undefined ? undefined : parseJson('--metadata', flags.metadata),
    options: Object.values(options).some((value) => value !== undefined) ? options : undefined,
  };
  const parsed = flaggedOptionsSchema.safeParse(wanted);
  if (!parsed.success) {
    throw new UserError(optionProblems(parsed.error, wanted));
  }
  // Through JSON, as it will travel: leaves out what is undefined.
  return JSON.parse(JSON.stringify(parsed.data)) as JobFields;
}

export function hasJobOptions(fields: JobFields): boolean {
  return Object.keys(fields).length > 0;
}

function textOrJson(text: string | undefined): unknown {
  return text !== undefined && /^\s*[[{]/.test(text) ? parseJson('--ladder', text) : text;
}

function parseJson(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${flag}: ${text} is not valid JSON: ${(error as Error).message}.`);
  }
}
