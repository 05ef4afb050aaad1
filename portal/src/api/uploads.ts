import { randomUUID } from 'node:crypto';
import { AbortMultipartUploadCommand, CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { readJob } from '../../../cli/farm/jobs.ts';
import { versionName } from '../../../cli/submit/film.ts';
import { partBytesFor } from '../../../cli/upload/parts.ts';
import { jobIdSchema, jobOptionsSchema, jobSchema } from '../../../worker/src/protocol/job.ts';
import { eventJobId } from '../../../worker/src/protocol/source-event.ts';
import type { Viewer } from '../auth/sessions.ts';
import { presignPart } from '../farm/presigner.ts';
import { Remembered } from '../farm/remembered.ts';
import { submitJob } from '../farm/submit.ts';
import { sweepUploads } from '../farm/sweep.ts';
import {
  findRemoved,
  headFilm,
  ignoreNoUpload,
  joinParts,
  listParts,
  noSuchUpload,
} from '../farm/upload-parts.ts';
import { placeUpload, plainName, uploadsPrefix } from '../farm/upload-place.ts';
import { json, nothing } from '../http/answers.ts';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { assertOwnOptions } from './access.ts';

/** What an upload's id says: the storage has all that is to be known of an upload, so the portal keeps nothing. */
interface UploadClaims {
  key: string;
  uploadId: string;
  size: number;
  partBytes: number;
  name: string;
  /** Otherwise the object itself starts the job. */
  sendJob: boolean;
  requestId: string;
  /** Who began it, where people sign in under names of their own. No one else goes on with it. */
  owner?: string;
}

/** Storage ends unfinished uploads after a week; on Wasabi the portal does. */
const uploadSeconds = 7 * 24 * 3600;
const sweepEveryMs = 3_600_000;
/** Links for this many parts a call: about a kilobyte each, with the session token of a role. */
const maxLinks = 50;

const partNumber = z.number().int().min(1).max(10_000);
const partsSchema = z.array(z.strictObject({ number: partNumber, etag: z.string().min(1).max(200) }));

const uploadSchema = z.object({
  id: z.string(),
  key: z.string().describe('Where the film will be in the source bucket'),
  partBytes: z.number().int().describe('Length of every part but the last'),
  parts: z.number().int().describe('How many parts there are, numbered from 1'),
});

export function uploadRoutes(services: Services): Route[] {
  const { farm, tokens, features, owners, now, onError } = services;
  const { source } = services.links;
  const { sourceBucket: Bucket, sourceStorage } = farm.address;
  const sweep = new Remembered(() => sweepUploads(source, Bucket, uploadsPrefix, now()), sweepEveryMs, now);

  const read = (id: string | undefined, viewer: Viewer | undefined): UploadClaims => {
    const claims = tokens.read<UploadClaims>('upload', id ?? '');
    if (claims === undefined || claims.owner !== viewer?.owner)
      throw new Problem(
        404,
        'no-such-upload',
        'There is no such upload, or it is older than a week. Begin a new one.',
      );
    return claims;
  };
  const target = ({ key, uploadId }: UploadClaims) => ({ Bucket, Key: key, UploadId: uploadId });

  return [
    route({
      id: 'createUpload',
      method: 'POST',
      path: '/api/uploads',
      summary: 'Begin an upload, which goes to the storage in parts',
      isAudited: true,
      body: z.strictObject({
        name: z.string().min(1).max(500).describe('Name of the file'),
        // Longer ones are answered with 422, which names both lengths.
        size: z
          .number()
          .int()
          .min(1)
          .meta({ description: 'Length in bytes', maximum: features.maxUploadBytes }),
        type: z.string().max(200).optional().describe('Media type'),
      }),
      answer: { status: 201, description: 'The upload', schema: uploadSchema },
      handle: async ({ body: { name, size }, viewer }) => {
        if (size > features.maxUploadBytes)
          throw new Problem(
            422,
            'film-too-large',
            `The film has ${size} bytes; at most ${features.maxUploadBytes} are allowed.`,
          );
        // No upload waits for those of others, or fails with it.
        if (sourceStorage === 'wasabi') sweep.read().catch(onError);
        const day = new Date(now()).toISOString().slice(0, 10);
        const { key, sendJob } = placeUpload(name, await services.uploadFilters(), day);
        const { UploadId } = await source.send(new CreateMultipartUploadCommand({ Bucket, Key: key }));
        const partBytes = partBytesFor(size);
        const content = {
          key,
          uploadId: UploadId,
          size,
          partBytes,
          name: plainName(name),
          sendJob,
          requestId: randomUUID(),
          ...(viewer?.owner !== undefined && { owner: viewer.owner }),
        };
        const id = tokens.make('upload', content, uploadSeconds);
        return json({ id, key, partBytes, parts: Math.ceil(size / partBytes) }, 201);
      },
    }),
    route({
      id: 'listParts',
      method: 'GET',
      path: '/api/uploads/{id}',
      summary: 'The parts that the storage has',
      answer: {
        status: 200,
        description: 'The parts',
        schema: uploadSchema.extend({ done: partsSchema }),
      },
      handle: async ({ params, viewer }) => {
        const upload = read(params.id, viewer);
        const { key, partBytes, size } = upload;
        const done = await listParts(services, target(upload));
        return json({ id: params.id, key, partBytes, parts: Math.ceil(size / partBytes), done });
      },
    }),
    route({
      id: 'linkParts',
      method: 'POST',
      path: '/api/uploads/{id}/links',
      summary: 'Links to which the parts are sent with PUT; each answers with an ETag',
      body: z.strictObject({ parts: z.array(partNumber).min(1).max(maxLinks) }),
      answer: {
        status: 200,
        description: 'A link for each part',
        schema: z.object({
          links: z.array(z.object({ number: partNumber, url: z.url(), bytes: z.number() })),
        }),
      },
      handle: async ({ params, body, viewer }) => {
        const { key, uploadId, size, partBytes } = read(params.id, viewer);
        const links = body.parts.map(async (number) => {
          const bytes = Math.min(partBytes, size - (number - 1) * partBytes);
          if (bytes <= 0)
            throw new Problem(404, 'no-such-part', `Part ${number} begins behind the film's end.`);
          return {
            number,
            bytes,
            url: await presignPart(source, { bucket: Bucket, key, uploadId }, number, bytes),
          };
        });
        return json({ links: await Promise.all(links) });
      },
    }),
    route({
      id: 'completeUpload',
      method: 'POST',
      path: '/api/uploads/{id}/complete',
      summary: 'Join the parts, and start the job; sent twice, it is one job',
      isAudited: true,
      body: z.strictObject({
        parts: partsSchema.min(1).max(10_000),
        title: z.string().min(1).max(500).optional(),
        metadata: jobSchema.shape.metadata,
        options: jobOptionsSchema.omit({ webhook: true, addToFilm: true, removeSubtitles: true }).optional(),
      }),
      answer: { status: 200, description: 'The job', schema: z.object({ job: jobIdSchema }) },
      handle: async ({ params, body, viewer }) => {
        const upload = read(params.id, viewer);
        const { title, options, metadata } = body;
        assertOwnOptions(services, viewer, options);
        // Before the film is there, and its job has begun. The page gives every film a title.
        if (!upload.sendJob && (metadata !== undefined || Object.keys(options ?? {}).length > 0))
          throw new Problem(
            409,
            'options-not-taken',
            'Every upload starts a job on this farm, with the farm’s own options. Leave options and metadata out, or have the farm’s owner limit sourceSuffixes or sourcePrefix.',
          );
        await joinParts(services, target(upload), body.parts);
        const found = await headFilm(services, upload.key);
        if (found === undefined) {
          const job = await findRemoved(services, upload.key, body.parts);
          if (job === undefined) throw noSuchUpload();
          return json({ job });
        }
        if (found.ContentLength !== upload.size)
          throw new Problem(
            409,
            'wrong-size',
            `The film has ${found.ContentLength} bytes, but ${upload.size} were announced.`,
          );
        const job = eventJobId(Bucket, upload.key, versionName(found.VersionId, found.ETag));
        if (upload.owner !== undefined && (await owners.of(job)) === undefined)
          await owners.set(job, upload.owner);
        if (upload.sendJob) {
          const wanted = {
            id: job,
            source: `s3://${Bucket}/${upload.key}`,
            title: title ?? upload.name,
            ...(metadata && { metadata }),
            ...(options && { options }),
          };
          const known = await readJob(farm, job);
          // Begun: sent twice, it would be shown as waiting again.
          if (known === undefined || known.state === 'queued')
            await submitJob(farm, wanted, upload.requestId, known);
        }
        return json({ job });
      },
    }),
    route({
      id: 'abortUpload',
      method: 'DELETE',
      path: '/api/uploads/{id}',
      summary: 'Give up an upload; the storage forgets its parts',
      isAudited: true,
      answer: { status: 204, description: 'Given up' },
      handle: async ({ params, viewer }) => {
        await source
          .send(new AbortMultipartUploadCommand(target(read(params.id, viewer))))
          .catch(ignoreNoUpload);
        return nothing();
      },
    }),
  ];
}
