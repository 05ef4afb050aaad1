import { z } from 'zod';
import { describeSource } from './source-location.ts';

export const sourceSchema = z
  .string()
  .min(1)
  .describe(
    'A film: s3://bucket/key, a key in the source bucket, or an http(s) URL where the farm allows it',
  );

/** All clips are open at once while the film's audio is made: 50 small ones take its ffmpeg about 150 MB. */
export const maxClips = 50;

const clipSchema = z
  .strictObject({
    source: sourceSchema,
    from: z.number().min(0).optional().describe('Where the clip begins, in seconds; by default at its start'),
    to: z.number().positive().optional().describe('Where the clip ends, in seconds; by default at its end'),
  })
  .refine(({ from = 0, to = Number.POSITIVE_INFINITY }) => to > from, {
    message: 'expected "to" to be later than "from"',
  });

export const clipsSchema = z
  .array(clipSchema)
  .min(1)
  .max(maxClips)
  .describe('Instead of "source": clips that are trimmed and joined in this order');

/** A stretch of a source, in seconds of that film. */
export type Clip = z.infer<typeof clipSchema>;

/** What a job names as its film: one source, or clips to be joined. */
export interface Sources {
  source?: string | undefined;
  sources?: Clip[] | undefined;
}

/** Every source that a job reads, once. */
export function sourcesOf({ source, sources = [] }: Sources): string[] {
  return source === undefined ? [...new Set(sources.map((clip) => clip.source))] : [source];
}

/** For reports: what a job is made of, without what may be secret in URLs. `source` is the first clip's. */
export function describeSources(job: Sources): { source: string; sources?: Clip[] } {
  const source = describeSource(sourcesOf(job)[0] ?? '');
  if (job.sources === undefined) return { source };
  return { source, sources: job.sources.map((clip) => ({ ...clip, source: describeSource(clip.source) })) };
}

/** In the words of W3C's Media Fragments URI 1.0, as `farm submit` takes it: `films/match.mp4#t=2,9`. */
export function clipText({ source, from, to }: Clip): string {
  if (from === undefined && to === undefined) return source;
  return `${source}#t=${from ?? ''}${to === undefined ? '' : `,${to}`}`;
}
