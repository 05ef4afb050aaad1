import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { checkJob } from '../../../cli/cancel/check.ts';
import { cancelJob } from '../../../cli/farm/cancel-job.ts';
import { deleteJob } from '../../../cli/farm/delete-job.ts';
import { filesJob, whyNoFiles } from '../../../cli/farm/files-job.ts';
import { readJob } from '../../../cli/farm/jobs.ts';
import { readQueues } from '../../../cli/farm/queues.ts';
import { redriveChosen } from '../../../cli/farm/redrive.ts';
import { sourcesOf } from '../../../worker/src/protocol/clips.ts';
import { jobIdSchema, jobOptionsSchema, jobSchema } from '../../../worker/src/protocol/job.ts';
import { eventJobId } from '../../../worker/src/protocol/source-event.ts';
import type { JobState } from '../../../worker/src/protocol/status.ts';
import { readJobPage, readOwnJobPage } from '../farm/job-list.ts';
import { type JobView, jobView, jobViewSchema } from '../farm/job-view.ts';
import { submitJob } from '../farm/submit.ts';
import { json, jsonWithTag, nothing } from '../http/answers.ts';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';
import { assertOwnOptions, noSuchJob, onlyOwner } from './access.ts';

const options = jobOptionsSchema.omit({ webhook: true, addToFilm: true, removeSubtitles: true });
const callSeconds = 20;
/** A page asks every 100 ms when a film may be played at any moment: an older answer would hide that it can. */
const recentJobMs = 80;

export function jobRoutes(services: Services): Route[] {
  const { farm, tokens, features, owners, recent } = services;
  const { outputPrefix } = farm.address;
  const view = (state: JobState): JobView => jobView(state, outputPrefix, `/api/films/${state.id}`);

  return [
    route({
      id: 'listJobs',
      method: 'GET',
      path: '/api/jobs',
      summary: 'Jobs, newest first',
      query: z.object({
        limit: z.coerce.number().int().min(1).max(100).default(25),
        cursor: z.string().max(1000).optional().describe('`next` of the page before'),
      }),
      answer: {
        status: 200,
        description: 'A page of jobs',
        schema: z.object({ jobs: z.array(jobViewSchema), next: z.string().nullable() }),
      },
      handle: async ({ query, request, viewer }) => {
        const cursor =
          query.cursor === undefined ? undefined : tokens.read<{ after: string }>('cursor', query.cursor);
        if (query.cursor !== undefined && cursor === undefined)
          throw new Problem(
            400,
            'invalid-cursor',
            'The cursor is not one of this portal, or it is older than a day.',
          );
        const owner = onlyOwner(services, viewer);
        const { jobs, after } = await recent.read(
          `page ${owner ?? ''} ${query.limit} ${cursor?.after ?? ''}`,
          () =>
            owner === undefined
              ? readJobPage(farm, query.limit, cursor?.after)
              : readOwnJobPage(farm, owners.index(owner), query.limit, cursor?.after),
        );
        const next = after === undefined ? null : tokens.make('cursor', { after }, 24 * 3600);
        const page = { jobs: jobs.map(view), next };
        // The cursor is signed again for each answer.
        return jsonWithTag(page, tagOf({ jobs: page.jobs, after }), request);
      },
    }),
    route({
      id: 'createJob',
      method: 'POST',
      path: '/api/jobs',
      summary: 'Transcode a film that is on the web',
      headers: { 'Idempotency-Key': 'Of the same key and source, however often sent, there is one job' },
      isAudited: true,
      body: z.strictObject({
        source: z.url({ protocol: /^https?$/ }),
        title: z.string().min(1).max(500).optional(),
        metadata: jobSchema.shape.metadata,
        options: options.optional(),
      }),
      answer: { status: 201, description: 'The job', schema: z.object({ job: jobIdSchema }) },
      handle: async ({ body, request, viewer }) => {
        if (!features.urls)
          throw new Problem(
            403,
            'no-urls',
            'This farm takes no films from the web. Upload the film, or set allowHttpSources of the stack to true.',
          );
        assertOwnOptions(services, viewer, body.options);
        // Of two people who send the same film with the same key each has a job.
        const key = (viewer?.owner ?? '') + (request.headers.get('idempotency-key') ?? randomUUID());
        const id = eventJobId('', body.source, hash(key));
        if ((await readJob(farm, id)) === undefined) {
          // Known where an earlier try came this far.
          if (viewer?.owner !== undefined && (await owners.of(id)) === undefined)
            await owners.set(id, viewer.owner);
          await submitJob(farm, { id, ...body }, hash(key));
        }
        return json({ job: id }, 201);
      },
    }),
    route({
      id: 'getJob',
      method: 'GET',
      path: '/api/jobs/{id}',
      summary: 'One job; answers 304 while nothing changes',
      answer: { status: 200, description: 'The job', schema: jobViewSchema },
      handle: async ({ params, request }) => {
        const state = view(
          await recent.read(`job ${params.id}`, () => knownJob(services, params.id), recentJobMs),
        );
        return jsonWithTag(state, tagOf(state), request);
      },
    }),
    route({
      id: 'cancelJob',
      method: 'POST',
      path: '/api/jobs/{id}/cancel',
      summary: 'Stop a job that waits or runs',
      isAudited: true,
      answer: { status: 200, description: 'What happens now', schema: z.object({ outlook: z.string() }) },
      handle: async ({ params, viewer }) => {
        const state = await knownJob(services, params.id);
        const cancellation = checkJob(state.id, state, await readQueues(farm));
        if (cancellation.objection !== undefined)
          throw new Problem(409, 'job-is-over', cancellation.objection);
        await cancelJob(
          farm,
          cancellation,
          // Who it was is in the audit log: a status is public where its film is.
          viewer?.owner === undefined ? `${viewer?.name} in the portal` : 'someone in the portal',
          AbortSignal.timeout(callSeconds * 1000),
        );
        return json({ outlook: `The job ${cancellation.outlook}.` });
      },
    }),
    route({
      id: 'rerunJob',
      method: 'POST',
      path: '/api/jobs/{id}/rerun',
      summary:
        'Transcode the film of a finished job again, as it was asked for where the body has no other options',
      isAudited: true,
      body: z.strictObject({ options: options.optional() }),
      answer: { status: 200, description: 'The job waits again', schema: jobViewSchema },
      handle: async ({ params, body, viewer }) => {
        assertOwnOptions(services, viewer, body.options);
        const state = await knownJob(services, params.id);
        if (state.state !== 'succeeded' && state.state !== 'failed')
          throw new Problem(409, 'job-is-not-over', `Job ${state.id} is ${state.state}. Cancel it first.`);
        if (state.state === 'failed' && body.options === undefined) {
          const signal = AbortSignal.timeout(callSeconds * 1000);
          const { redriven } = await redriveChosen(farm, { ids: [state.id] }, { signal });
          if (redriven > 0) return json(view({ ...state, state: 'queued' }));
        }
        const { id, source, sources, title, metadata } = state;
        const named = sources === undefined ? { source } : { sources };
        const music = { ...state.options, ...body.options }.music?.source;
        const isKept = music === undefined || music === body.options?.music?.source;
        const kept = isKept ? sourcesOf(named) : [...sourcesOf(named), music];
        if (kept.some((each) => /^https?:/i.test(each)))
          throw new Problem(
            409,
            'source-unknown',
            'The address of this film was secret and is not kept. Send it again.',
          );
        const job = {
          id,
          ...named,
          ...(title !== undefined && { title }),
          ...(metadata !== undefined && { metadata }),
          options: { ...state.options, ...body.options, force: true },
        };
        // A second click, before the first one shows, is the same request.
        const requestId = hash(JSON.stringify([id, state.updatedAt, body.options]));
        return json(view(await submitJob(farm, job, requestId, state)));
      },
    }),
    route({
      id: 'addFiles',
      method: 'POST',
      path: '/api/jobs/{id}/files',
      summary: 'Make files beside a film that is published; nothing is encoded that exists',
      isAudited: true,
      body: z.strictObject({ outputs: jobOptionsSchema.shape.outputs.unwrap() }),
      answer: { status: 200, description: 'The job waits again', schema: jobViewSchema },
      handle: async ({ params, body }) => {
        const state = await knownJob(services, params.id);
        if (state.film === undefined || (state.state !== 'succeeded' && state.state !== 'failed'))
          throw new Problem(
            409,
            'no-film',
            `Job ${state.id} is ${state.state}. Files are made of a film that is published.`,
          );
        const problem = whyNoFiles(state.id, state.film);
        if (problem !== undefined) throw new Problem(409, problem.code, problem.message);
        const job = filesJob(state, body.outputs);
        return json(view(await submitJob(farm, job, randomUUID(), state)));
      },
    }),
    route({
      id: 'deleteJob',
      method: 'DELETE',
      path: '/api/jobs/{id}',
      summary: 'Delete the film and everything else that the job published; the source stays',
      isAudited: true,
      answer: { status: 204, description: 'Deleted' },
      handle: async ({ params }) => {
        const state = await knownJob(services, params.id);
        if (state.state !== 'succeeded' && state.state !== 'failed')
          throw new Problem(409, 'job-is-not-over', `Job ${state.id} is ${state.state}. Cancel it first.`);
        await deleteJob(farm, state);
        owners.forget(state.id);
        return nothing();
      },
    }),
  ];
}

/** @throws Problem */
export async function knownJob({ farm }: Pick<Services, 'farm'>, id: string | undefined): Promise<JobState> {
  const parsed = jobIdSchema.safeParse(id);
  const state = parsed.success ? await readJob(farm, parsed.data) : undefined;
  if (state === undefined) throw noSuchJob(id);
  return state;
}

function tagOf(value: unknown): string {
  return `"${hash(JSON.stringify(value)).slice(0, 22)}"`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
