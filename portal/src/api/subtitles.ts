import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { subtitlesJob, subtitlesKey } from '../../../cli/farm/subtitles-job.ts';
import { normalizeLanguage } from '../../../worker/src/probe/language.ts';
import { subtitleKinds } from '../../../worker/src/probe/media.ts';
import { encodingSchema, languageSchema, subtitleFileSchema } from '../../../worker/src/protocol/job.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import {
  guessSubtitleName,
  isSubtitleFile,
  subtitleExtensions,
} from '../../../worker/src/protocol/subtitle-file-name.ts';
import { readSubtitles } from '../../../worker/src/text/read-subtitles.ts';
import { jobView, jobViewSchema } from '../farm/job-view.ts';
import { submitJob } from '../farm/submit.ts';
import { json } from '../http/answers.ts';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { knownJob } from './jobs.ts';

/** A body may have a mebibyte, and base64 makes four bytes of three. */
const maxContentChars = 1_000_000;

const kind = z.enum(subtitleKinds).optional();

const bodySchema = z.strictObject({
  fileName: z
    .string()
    .max(500)
    .refine(isSubtitleFile, `expected a name that ends in ${subtitleExtensions.join(', ')}`)
    .describe('Says language and kind where they are not given: film.en.srt, film.en.sdh.vtt'),
  content: z.base64().min(1).max(maxContentChars).describe('The file, in base64'),
  language: languageSchema.optional(),
  kind,
  name: subtitleFileSchema.shape.name,
  default: z.boolean().optional(),
  encoding: encodingSchema.optional(),
});

const choiceSchema = z.strictObject({ kind });

/** Subtitles of a published film: added, corrected and removed by a job that encodes nothing. */
export function subtitleRoutes(services: Services): Route[] {
  const { farm } = services;
  const { outputPrefix, sourceBucket } = farm.address;
  const answer = { status: 200, description: 'The job waits again', schema: jobViewSchema };
  const send = async (state: JobState, change: Parameters<typeof subtitlesJob>[1]) => {
    const sent = await submitJob(farm, subtitlesJob(state, change), randomUUID(), state);
    return json(jobView(sent, outputPrefix, `/api/films/${state.id}`));
  };
  return [
    route({
      id: 'addSubtitles',
      method: 'POST',
      path: '/api/jobs/{id}/subtitles',
      summary: 'Add subtitles to a published film, or replace those of the same language and kind',
      isAudited: true,
      body: bodySchema,
      answer,
      handle: async ({ params, body }) => {
        const state = published(await knownJob(services, params.id));
        const named = guessSubtitleName(body.fileName);
        const language = normalizeLanguage(body.language) ?? named.language;
        if (language === undefined)
          throw new Problem(
            400,
            'invalid-request',
            'body.language: the file name says none. Give one, such as "en".',
          );
        const track = { language, kind: body.kind ?? named.kind };
        const bytes = Buffer.from(body.content, 'base64');
        assertReadable(bytes, { encoding: body.encoding, language });
        const extension = body.fileName.replace(/^.*\./s, '').toLowerCase();
        const Key = subtitlesKey(state, { ...track, extension }, sourceBucket);
        const object = { Bucket: sourceBucket, Key, Body: bytes, ContentType: 'text/plain' };
        await farm.source.send(new PutObjectCommand(object));
        const { name, encoding, default: isDefault = named.default } = body;
        const file = { source: `s3://${sourceBucket}/${Key}`, ...track, default: isDefault };
        return send(state, {
          subtitles: [{ ...file, ...(name && { name }), ...(encoding && { encoding }) }],
        });
      },
    }),
    route({
      id: 'removeSubtitles',
      method: 'DELETE',
      path: '/api/jobs/{id}/subtitles/{language}',
      summary: 'Remove subtitles from a published film; "und" are those without a language',
      isAudited: true,
      query: choiceSchema,
      answer,
      handle: async ({ params, query }) => {
        const state = published(await knownJob(services, params.id));
        const language = normalizeLanguage(params.language);
        const isMeant = state.film?.subtitles?.some(
          (track) => track.language === language && (query.kind === undefined || track.kind === query.kind),
        );
        if ((language === undefined && params.language !== 'und') || !isMeant)
          throw new Problem(404, 'no-such-subtitles', 'The film has no such subtitles.');
        return send(state, {
          removeSubtitles: [{ ...(language && { language }), ...(query.kind && { kind: query.kind }) }],
        });
      },
    }),
  ];
}

/** @throws Problem */
function published(state: JobState): JobState {
  if (state.film !== undefined && state.film.playlist === undefined)
    throw new Problem(
      409,
      'no-stream',
      `The film of job ${state.id} was made without a stream, which subtitles belong to. Send it again with "hls" among its outputs.`,
    );
  if (state.film !== undefined && (state.state === 'succeeded' || state.state === 'failed')) return state;
  throw new Problem(
    409,
    'no-film',
    `Job ${state.id} is ${state.state}. Subtitles are added to a film that is published.`,
  );
}

/** @throws Problem for what no player could show */
function assertReadable(bytes: Buffer, known: { encoding?: string | undefined; language: string }): void {
  try {
    readSubtitles(bytes, known);
  } catch (error) {
    throw new Problem(
      400,
      'no-subtitles',
      `The file has no subtitles that can be shown: ${(error as Error).message}.`,
    );
  }
}
