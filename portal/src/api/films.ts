import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { JobFolder } from '../../../worker/src/protocol/job-folder.ts';
import { parseSource } from '../../../worker/src/protocol/source-location.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { isMissing } from '../../../worker/src/storage/s3-errors.ts';
import { fileName, jobView, jobViewSchema, sharedView } from '../farm/job-view.ts';
import { filmLinkSeconds, presignRead } from '../farm/presigner.ts';
import { json, jsonWithTag } from '../http/answers.ts';
import { Problem } from '../http/problem.ts';
import { type Call, type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { knownJob } from './jobs.ts';

const downloadSchema = z.object({
  kind: z.enum(['file', 'original']),
  name: z.string().describe('Name of the file'),
  bytes: z.number().int(),
  address: z.string().describe('Relative to this host; redirects to the storage'),
});

interface ShareClaims {
  job: string;
}

export function filmRoutes(services: Services): Route[] {
  const { farm, links, tokens } = services;

  const readShare = (token: string | undefined): string => {
    const claims = tokens.read<ShareClaims>('share', token ?? '');
    if (claims === undefined)
      throw new Problem(404, 'share-ended', 'This link is not valid any more. Ask for a new one.');
    return claims.job;
  };

  return [
    route({
      id: 'getFilmFile',
      method: 'GET',
      path: '/api/films/{id}/{path+}',
      summary: 'A file of a film: playlists and WebVTT are answered here, all else by the storage (302)',
      answer: { status: 200, description: 'The file' },
      handle: ({ params, request }) => filmFile(services, params.id, params.path, request),
    }),
    route({
      id: 'listDownloads',
      method: 'GET',
      path: '/api/jobs/{id}/downloads',
      summary: 'Files of a job that can be saved',
      answer: {
        status: 200,
        description: 'The files',
        schema: z.object({ downloads: z.array(downloadSchema) }),
      },
      handle: async ({ params }) => {
        const state = await knownJob(services, params.id);
        return json({ downloads: await downloadsOf(services, state) });
      },
    }),
    route({
      id: 'downloadSource',
      method: 'GET',
      path: '/api/jobs/{id}/downloads/original',
      summary: 'The film as it was uploaded, by a link to the storage (302)',
      isAudited: true,
      answer: { status: 302, description: 'To the storage' },
      handle: async ({ params }) => {
        const state = await knownJob(services, params.id);
        const { bucket, key } = sourceObject(services, state);
        return toStorage(await presignRead(links.source, bucket, key, originalName(state)), 'no-store');
      },
    }),
    route({
      id: 'downloadFile',
      method: 'GET',
      path: '/api/jobs/{id}/downloads/files/{name}',
      summary: 'A file beside the film, such as an MP4, by a link to the storage (302)',
      isAudited: true,
      answer: { status: 302, description: 'To the storage' },
      handle: async ({ params }) => {
        const state = await knownJob(services, params.id);
        const file = state.film?.files?.find(({ name }) => name === params.name);
        if (file === undefined) throw notThere();
        const saved = savedName(state, file.name);
        return toStorage(
          await presignRead(links.output, farm.address.outputBucket, file.key, saved),
          'no-store',
        );
      },
    }),
    route({
      id: 'shareFilm',
      method: 'POST',
      path: '/api/jobs/{id}/share',
      summary: 'A link that shows the film to everyone who has it, until it ends',
      isAudited: true,
      body: z.strictObject({
        hours: z
          .number()
          .int()
          .min(1)
          .max(30 * 24)
          .default(24),
      }),
      answer: {
        status: 201,
        description: 'The link',
        schema: z.object({ url: z.url(), expiresAt: z.iso.datetime() }),
      },
      handle: async ({ params, body, origin }) => {
        const { id } = await knownJob(services, params.id);
        const seconds = body.hours * 3600;
        const expiresAt = new Date(tokens.expiryIn(seconds) * 1000).toISOString();
        const content: ShareClaims = { job: id };
        return json(
          { url: `${origin.origin}/share/${tokens.make('share', content, seconds)}`, expiresAt },
          201,
        );
      },
    }),
    route({
      id: 'getSharedJob',
      method: 'GET',
      path: '/api/share/{token}',
      summary: 'The job of a shared film',
      isOpen: true,
      answer: { status: 200, description: 'The job', schema: jobViewSchema },
      handle: async ({ params, request }) => {
        const state = await knownJob(services, readShare(params.token));
        const films = `/api/share/${params.token}/films`;
        const view = sharedView(jobView(state, farm.address.outputPrefix, films));
        return jsonWithTag(view, `"${Date.parse(state.updatedAt)}"`, request);
      },
    }),
    route({
      id: 'getSharedFilmFile',
      method: 'GET',
      path: '/api/share/{token}/films/{path+}',
      summary: 'A file of a shared film',
      isOpen: true,
      answer: { status: 200, description: 'The file' },
      handle: ({ params, request }) => filmFile(services, readShare(params.token), params.path, request),
    }),
  ];
}

/** What a published film consists of; records, leases and plans are the workers' own. */
const filmPath =
  /^(?:[A-Za-z0-9][\w.~-]*\/){0,4}[A-Za-z0-9][\w.~-]*\.(m3u8|vtt|mpd|m4s|mp4|m4a|mp3|flac|webm|gif|ts|jpg)$/;
/** Small, and read relative to their own address: players find the rest from there. */
const answeredHere = new Set(['m3u8', 'vtt', 'mpd']);

/**
 * A signed playlist doesn't open its segments, and Safari's own player can't be helped by scripts. So every file has one
 * address here; what is large is read from the storage itself, by a link that ends soon.
 */
async function filmFile(
  { farm, links }: Services,
  id: string | undefined,
  path: string | undefined,
  request: Call['request'],
): Promise<Response> {
  const [, extension] = filmPath.exec(path ?? '') ?? [];
  const safeId = /^[A-Za-z0-9][\w.~-]{0,127}$/.test(id ?? '');
  if (extension === undefined || !safeId) throw notThere();
  const { outputBucket: Bucket, outputPrefix } = farm.address;
  const Key = new JobFolder(outputPrefix, id ?? '').prefix + path;
  if (!answeredHere.has(extension))
    return toStorage(
      await presignRead(links.output, Bucket, Key),
      `private, max-age=${filmLinkSeconds - 60}`,
    );
  const ifNoneMatch = request.headers.get('if-none-match') ?? undefined;
  const command = new GetObjectCommand({ Bucket, Key, IfNoneMatch: ifNoneMatch });
  const object = await farm.output
    .send(command)
    .catch((error: { $metadata?: { httpStatusCode?: number } }) => {
      if (error.$metadata?.httpStatusCode === 304) return undefined;
      throw isMissing(error) ? notThere() : error;
    });
  const headers = { 'cache-control': 'private, no-cache', ...(ifNoneMatch && { etag: ifNoneMatch }) };
  if (object === undefined) return new Response(null, { status: 304, headers });
  return new Response(await object.Body?.transformToString(), {
    headers: {
      ...headers,
      'content-type': object.ContentType ?? 'application/octet-stream',
      ...(object.ETag && { etag: object.ETag }),
    },
  });
}

function notThere(): Problem {
  return new Problem(404, 'no-such-file', 'The film has no such file.');
}

function toStorage(location: string, cacheControl: string): Response {
  return new Response(null, { status: 302, headers: { location, 'cache-control': cacheControl } });
}

type Download = z.infer<typeof downloadSchema>;

async function downloadsOf(services: Services, state: JobState): Promise<Download[]> {
  const files = (state.film?.files ?? []).map(({ name, bytes }) => ({
    kind: 'file' as const,
    name: savedName(state, name),
    bytes,
    address: `/api/jobs/${state.id}/downloads/files/${name}`,
  }));
  const bytes = await sizeOfSource(services, state);
  const address = `/api/jobs/${state.id}/downloads/original`;
  return [
    ...files,
    ...(bytes === undefined
      ? []
      : [{ kind: 'original' as const, name: originalName(state), bytes, address }]),
  ];
}

type Named = Pick<JobState, 'title' | 'source'>;

/** `Holiday.mov` and `720p.mp4` are saved as `Holiday 720p.mp4`. */
function savedName(state: Named, name: string): string {
  return `${stemOf(state)} ${name}`;
}

/** `Holiday` of `movie.mov` is saved as `Holiday.mov`. */
function originalName(state: Named): string {
  const extension = ending.exec(fileName(state.source))?.[0] ?? '';
  return stemOf(state, extension) + extension;
}

/** Short enough for the file systems of people, whatever alphabet it has. */
function stemOf({ title, source }: Named, extension?: string): string {
  const name = title ?? fileName(source);
  const stem =
    extension === undefined || ending.exec(name)?.[0] === extension ? name.replace(ending, '') : name;
  return [...stem].slice(0, 80).join('');
}

const ending = /\.[A-Za-z0-9]{1,5}$/;

/** Undefined where the source is elsewhere, or was removed after success, as the farm's settings may say. */
async function sizeOfSource({ farm }: Services, state: JobState): Promise<number | undefined> {
  // Joined clips have no one original.
  if (state.sources !== undefined) return undefined;
  const place = parseSource(state.source, farm.address.sourceBucket);
  if (place.kind !== 's3' || place.bucket !== farm.address.sourceBucket) return undefined;
  const original = await farm.source
    .send(new HeadObjectCommand({ Bucket: place.bucket, Key: place.key }))
    .catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return undefined;
    });
  return original?.ContentLength;
}

/** Only the farm's own source bucket: a job may name others, which the portal has no business in. */
function sourceObject({ farm }: Services, state: JobState): { bucket: string; key: string } {
  const place = parseSource(state.source, farm.address.sourceBucket);
  if (state.sources === undefined && place.kind === 's3' && place.bucket === farm.address.sourceBucket)
    return place;
  throw new Problem(404, 'no-such-file', 'The film has no original in the farm’s source bucket.');
}
