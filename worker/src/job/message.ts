import { z } from 'zod';
import { RefusedError } from '../errors.ts';
import { expectedBy } from '../protocol/expected.ts';
import { type Job, type JobOptions, jobIdSchema, jobSchema, type QueuedJob } from '../protocol/job.ts';
import { UnknownPresetError, withPreset } from '../protocol/presets.ts';
import {
  type EventFilter,
  type EventRecord,
  eventRecordSchema,
  jobFromEvent,
  whyIgnored,
} from '../protocol/source-event.ts';
import { describeSource, parseSource } from '../protocol/source-location.ts';
import type { Settings } from '../settings/settings.ts';
import { clip } from '../source/source.ts';

/** What a message on the queue turned out to be. */
export type ReadMessage =
  | { kind: 'job'; job: QueuedJob }
  /** Several uploads in one event: one message body for each, to be sent on as separate messages. */
  | { kind: 'several'; bodies: string[] }
  | { kind: 'ignored'; why: string };

/** The message is not a job. What could be read of the job is kept, so that its end can be reported. */
export class UnreadableMessageError extends RefusedError {
  readonly job: { id: string; source: string } | undefined;

  constructor(message: string, job?: { id: string; source: string }) {
    super('bad-message', message);
    this.job = job;
  }
}

/** The part of the settings that decides what becomes a job. */
export type MessageRules = Pick<
  Settings,
  'source' | 'output' | 'allowHttpSources' | 'allowJobWebhooks' | 'presets' | 'encryption'
>;

/**
 * Reads the body of a message: a job, an S3 event notification (bare or inside an SNS envelope), or S3's test event.
 *
 * @param request id of this request if the message carries one, and the message's own id
 * @throws UnreadableMessageError with a sentence that names the field
 */
export function readMessage(
  body: string,
  rules: MessageRules,
  request: { requestId?: string; messageId: string },
): ReadMessage {
  const content = openEnvelope(parseJson(body, 'The message'));
  if (content.Event === 's3:TestEvent') return { kind: 'ignored', why: 'it is the test event of S3' };
  if (content.Type === 'SubscriptionConfirmation') {
    return { kind: 'ignored', why: 'it is a subscription confirmation of SNS' };
  }
  if ('Records' in content) return readEvent(content.Records, rules, request);
  const requestId = request.requestId ?? request.messageId;
  return { kind: 'job', job: { ...readJob(content, rules), requestId } };
}

type JsonObject = Record<string, unknown>;

function parseJson(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableMessageError(
      `${what} is not JSON (${(error as Error).message}); expected a job or an S3 event notification.`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new UnreadableMessageError(
    `${what} is JSON but not an object; expected a job or an S3 event notification.`,
  );
}

/** SNS wraps each message unless the subscription asks for raw delivery. */
function openEnvelope(content: JsonObject): JsonObject {
  if (content.Type !== 'Notification') return content;
  if (typeof content.Message === 'string')
    return parseJson(content.Message, "The SNS envelope's field Message");
  throw new UnreadableMessageError('The SNS envelope has no text in its field Message.');
}

function readEvent(records: unknown, rules: MessageRules, request: { requestId?: string }): ReadMessage {
  const parsed = z.array(z.unknown()).safeParse(records);
  if (!parsed.success) throw new UnreadableMessageError('The event\'s field "Records" is not a list.');
  const [only, ...more] = parsed.data;
  if (only === undefined) return { kind: 'ignored', why: 'the event has no records' };
  // Each record becomes a separate message, so that a broken one does not fail the others.
  if (more.length > 0) {
    return { kind: 'several', bodies: parsed.data.map((record) => JSON.stringify({ Records: [record] })) };
  }
  const record = readRecord(only);
  const why = whyIgnored(record, eventFilter(rules));
  if (why !== undefined) return { kind: 'ignored', why };
  const job = jobFromEvent(record);
  return { kind: 'job', job: { ...job, requestId: request.requestId ?? job.id } };
}

function readRecord(record: unknown): EventRecord {
  const parsed = eventRecordSchema.safeParse(record);
  if (parsed.success) return parsed.data;
  throw new UnreadableMessageError(
    `The event's record can't be read: ${listIssues(parsed.error, 'Records.0')}. ` +
      'Expected a record of an S3 event notification.',
  );
}

export function eventFilter({ source, output }: MessageRules): EventFilter {
  // Buckets of one name in two clouds are two buckets, and only the source's cloud sends events.
  const sameCloud = source.endpoint === output.endpoint;
  return {
    prefix: source.prefix,
    suffixes: source.suffixes,
    ...(sameCloud ? { output: { bucket: output.bucket, prefix: output.prefix } } : {}),
  };
}

function readJob(content: JsonObject, rules: MessageRules): Job {
  const known = knownJob(content);
  const parsed = jobSchema.safeParse(content);
  if (!parsed.success) {
    throw new UnreadableMessageError(`The job can't be read: ${listIssues(parsed.error)}.`, known);
  }
  const job = parsed.data;
  for (const [field, source] of namedSources(job)) {
    const problem = sourceProblem(source, rules);
    if (problem !== undefined)
      throw new UnreadableMessageError(
        `The job's field ${field} is ${JSON.stringify(describeSource(source))}${problem}`,
        known,
      );
  }
  if (job.options?.webhook !== undefined && !rules.allowJobWebhooks) {
    throw new UnreadableMessageError(
      "The job's field options.webhook names a webhook, and this farm lets no job do so; " +
        'leave it out, or allow it (setting allowJobWebhooks, ALLOW_JOB_WEBHOOKS).',
      known,
    );
  }
  if (job.options === undefined) return job;
  const options = optionsOf(job, job.options, rules, known);
  if (options.encryption === 'aes-128' && rules.encryption === undefined) {
    throw new UnreadableMessageError(
      'The job\'s field options.encryption is "aes-128", and this farm has no keys; ' +
        'leave it out, or give it keys (settings encryptionKeyUrl and encryptionSecret, ENCRYPTION_KEY_URL and ENCRYPTION_SECRET).',
      known,
    );
  }
  return { ...job, options };
}

/** The preset is looked up once: the job goes on with these options through all its retries. */
function optionsOf(
  { sources }: Job,
  options: JobOptions,
  { presets }: MessageRules,
  known: { id: string; source: string } | undefined,
): JobOptions {
  try {
    return withPreset(options, presets, sources !== undefined);
  } catch (error) {
    if (!(error instanceof UnknownPresetError)) throw error;
    throw new UnreadableMessageError(
      `The job's field options.preset is ${JSON.stringify(options.preset)}, which ${error.message}.`,
      known,
    );
  }
}

/** Each source with the name of its field. */
function namedSources({ source, sources = [], options }: Job): [field: string, source: string][] {
  const film: [string, string][] =
    source === undefined
      ? sources.map((clip, n) => [`sources.${n}.source`, clip.source])
      : [['source', source]];
  return options?.music ? [...film, ['options.music.source', options.music.source]] : film;
}

function sourceProblem(text: string, { source, allowHttpSources }: MessageRules): string | undefined {
  const place = parseSource(text, source.bucket);
  if (place.kind === 's3' && place.key.startsWith('s3://'))
    return ', which names no object; expected s3://bucket/key.';
  if (place.kind === 'http' && !allowHttpSources)
    return ', and this farm takes no films and no music from http(s) URLs; upload it to a bucket, or allow them (setting allowHttpSources, ALLOW_HTTP_SOURCES).';
  return undefined;
}

function knownJob(content: JsonObject): { id: string; source: string } | undefined {
  const id = jobIdSchema.safeParse(content.id);
  if (!id.success) return undefined;
  const clip: unknown = Array.isArray(content.sources) ? content.sources[0]?.source : undefined;
  const source = content.source ?? clip;
  return { id: id.data, source: typeof source === 'string' ? source : '' };
}

/** A message may have thousands of mistakes, and what is said of them goes into reports. */
const maxIssues = 10;

/** `options.segmentSeconds: expected at least 1; unknown field options.colour`. */
function listIssues(error: z.ZodError, base = ''): string {
  const nameOf = (path: readonly PropertyKey[]) => [base, ...path.map(String)].filter(Boolean).join('.');
  const problems = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `unknown field ${nameOf([...issue.path, key])}`)
      : [`${nameOf(issue.path) || 'the whole'}: ${expectedBy(issue)}`],
  );
  const named = problems.slice(0, maxIssues).map(clip);
  const more = problems.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
