import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RefusedError } from '../errors.ts';
import type { Job } from './job.ts';
import { isSubtitleFile } from './subtitle-file-name.ts';

/**
 * What we read of one record of an S3 event notification; the rest is left alone.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export const eventRecordSchema = z.object({
  eventName: z.string(),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      /** URL-encoded, with `+` for a space. */
      key: z.string().min(1),
      eTag: z.string().min(1).optional(),
      versionId: z.string().min(1).optional(),
    }),
  }),
});

export type EventRecord = z.infer<typeof eventRecordSchema>;

/** Which uploads become jobs, and what is output. */
export interface EventFilter {
  prefix: string;
  /** Compared without regard to case; none: all. */
  suffixes: readonly string[];
  /** Where this farm's output lies, if bucket events can come from there. */
  output?: { bucket: string; prefix: string };
}

export interface EventJob extends Job {
  expectedEtag?: string;
}

/** The key as it is in the bucket. @throws RefusedError where the encoding is broken */
export function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    throw new RefusedError(
      'bad-message',
      `The event's field s3.object.key is ${JSON.stringify(encoded)}, which is not URL-encoded text; ` +
        'send the key as S3 does, or submit the film as a job.',
    );
  }
}

/** Why the record is not a job of this farm; undefined when it is one. */
export function whyIgnored(record: EventRecord, filter: EventFilter): string | undefined {
  if (!/^(s3:)?ObjectCreated:/.test(record.eventName)) {
    return `${record.eventName} is not an upload`;
  }
  const key = decodeKey(record.s3.object.key);
  const bucket = record.s3.bucket.name;
  const { output } = filter;
  if (output && bucket === output.bucket && key.startsWith(output.prefix)) {
    return `${JSON.stringify(key)} is output of the farm`;
  }
  if (key.endsWith('/')) return `${JSON.stringify(key)} is a folder`;
  if (isSubtitleFile(key)) return `${JSON.stringify(key)} is a file of subtitles`;
  if (!key.startsWith(filter.prefix)) {
    return `${JSON.stringify(key)} does not begin with ${JSON.stringify(filter.prefix)}`;
  }
  const lowerKey = key.toLowerCase();
  if (
    filter.suffixes.length > 0 &&
    !filter.suffixes.some((suffix) => lowerKey.endsWith(suffix.toLowerCase()))
  ) {
    return `${JSON.stringify(key)} does not end in ${filter.suffixes.join(', ')}`;
  }
  return undefined;
}

/** The job that an upload is. The same upload, announced twice, is the same job. */
export function jobFromEvent(record: EventRecord): EventJob {
  const { bucket, object } = record.s3;
  const key = decodeKey(object.key);
  const expectedEtag = object.eTag?.replaceAll('"', '');
  // A bucket without versioning, or with versioning suspended, says "null".
  const versionId = object.versionId === 'null' ? undefined : object.versionId;
  const version = versionId ?? expectedEtag ?? '';
  return {
    id: eventJobId(bucket.name, key, version),
    source: `s3://${bucket.name}/${key}`,
    ...(expectedEtag === undefined ? {} : { expectedEtag }),
  };
}

/** A readable name for people, and a hash that keeps any two uploads apart. */
export function eventJobId(bucket: string, key: string, version: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([bucket, key, version]))
    .digest('hex');
  return `${slug(key)}-${hash.slice(0, 12)}`;
}

/** Latin letters that Unicode does not take apart into a plain one and marks. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
};

function slug(key: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1).replace(/\.[^.]{1,10}$/, '');
  const plain = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, (letter) => plainLetters[letter] ?? letter)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
    .replace(/-+$/, '');
  return plain || 'film';
}
