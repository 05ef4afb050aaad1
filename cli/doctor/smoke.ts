import { randomUUID } from 'node:crypto';
import { copyFile, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import type { JobState } from '../../worker/src/protocol/status.ts';
import { UserError } from '../errors.ts';
import { uploadClient } from '../farm/buckets.ts';
import { deleteJob } from '../farm/delete-job.ts';
import type { Farm } from '../farm/farm.ts';
import { readJob } from '../farm/jobs.ts';
import type { Context } from '../farm/run.ts';
import { followJob } from '../follow.ts';
import { jobLine } from '../jobs/text.ts';
import { planFilm } from '../submit/film.ts';
import { submitFilm } from '../submit/send.ts';
import { readUploadFilters } from '../submit/uploads.ts';
import { openLive } from '../text/live.ts';
import { styleFor } from '../text/style.ts';
import { smokeLines } from './text.ts';

/** Two seconds of 320×180 with sound. */
const builtInFilm = fileURLToPath(new URL('smoke.mp4', import.meta.url));

/** A GPU instance takes two to three minutes to start, and the first image has to be fetched. */
const limitMinutes = 15;

/** `farm doctor --smoke`: one small film by the way of every film. Leaves nothing behind. */
export async function smokeTest({ farm, stop, say, answer }: Context): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(limitMinutes * 60_000)]);
  await using folder = await mkdtempDisposable(join(tmpdir(), 'farm-doctor-'));
  // A new name, so that an earlier upload is not taken for this one.
  const film = join(folder.path, `farm-doctor-${randomUUID().slice(0, 8)}.mp4`);
  await copyFile(builtInFilm, film);

  const startedAt = performance.now();
  const secondsSince = (from: number) => (performance.now() - from) / 1000;
  const filters = await readUploadFilters(farm);
  const named = { kind: 'file' as const, name: film, path: film };
  const planned = await planFilm(named, farm, filters, { jobOptions: {} });
  const source = uploadClient(farm.address);
  const job = await submitFilm(planned, farm, source, { signal, onShare: () => undefined }).finally(() =>
    source.destroy(),
  );
  const uploadSeconds = secondsSince(startedAt);
  try {
    const state = await waitForEnd(farm, job.id, signal);
    stop.throwIfAborted();
    if (state?.film === undefined) throw new UserError(whyNot(job.id, state));
    // A farm whose "outputs" are files alone publishes none.
    const { playlist } = state.film;
    const line = playlist === undefined ? '#EXTM3U' : await firstLine(farm, playlist);
    if (line !== '#EXTM3U')
      throw new UserError(`The farm published ${playlist}, but it begins with "${line}" instead of #EXTM3U.`);
    const totalSeconds = secondsSince(startedAt);
    for (const line of smokeLines(state, uploadSeconds, totalSeconds)) say(line);
    answer({ ok: true, job: state, uploadSeconds, totalSeconds });
  } finally {
    await removeFilm(farm, job);
  }
}

async function waitForEnd(farm: Farm, id: string, signal: AbortSignal): Promise<JobState | undefined> {
  const live = openLive(process.stderr);
  const style = styleFor(process.stderr);
  const columns = process.stderr.columns || 100;
  live.show([`queued     ${id}: a sleeping farm takes up to three minutes to start a worker`]);
  let last: JobState | undefined;
  try {
    const { outputBucket, outputPrefix } = farm.address;
    for await (const state of followJob(farm.output, outputBucket, `${outputPrefix}${id}`, signal)) {
      last = state;
      live.show([jobLine(state, style, columns)]);
    }
  } finally {
    live.clear();
  }
  return last;
}

function whyNot(id: string, state: JobState | undefined): string {
  if (state === undefined) {
    return `No worker took the film within ${limitMinutes} minutes. "farm doctor" checks quotas, image and workers; docs/operations.md says where their logs are.`;
  }
  if (state.state === 'failed') {
    return `The farm took the film, and the job failed: [${state.error?.code}] ${state.error?.message}. See "farm logs ${id}".`;
  }
  return `The job is "${state.state}" after ${limitMinutes} minutes. See "farm logs ${id}".`;
}

async function firstLine({ output, address }: Farm, key: string): Promise<string> {
  const { Body } = await output.send(new GetObjectCommand({ Bucket: address.outputBucket, Key: key }));
  return (await Body?.transformToString())?.split('\n')[0]?.trim() ?? '';
}

async function removeFilm(farm: Farm, { id, source }: { id: string; source: string }): Promise<void> {
  const { sourceBucket, outputPrefix } = farm.address;
  const key = source.slice(`s3://${sourceBucket}/`.length);
  const folder = `${outputPrefix}${id}/`;
  const state = await readJob(farm, id).catch(() => undefined);
  const results = await Promise.allSettled([
    farm.source.send(new DeleteObjectCommand({ Bucket: sourceBucket, Key: key })),
    deleteJob(farm, { id, ...(state && { queuedAt: state.queuedAt }) }),
  ]);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) console.error(`The test film could not be deleted (${folder}): ${failure.reason}`);
}
