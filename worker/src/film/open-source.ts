import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RefusedError } from '../errors.ts';
import { type Sources, sourcesOf } from '../protocol/clips.ts';
import type { JobOptions } from '../protocol/job.ts';
import { describeSource } from '../protocol/source-location.ts';
import type { Settings } from '../settings/settings.ts';
import { openSource } from '../source/open.ts';
import { SourceServers } from '../source/servers.ts';
import type { SourceObject } from '../source/source.ts';
import { mapLimited } from '../storage/limited.ts';
import type { ObjectInfo } from '../storage/store.ts';
import type { Stores } from '../storage/stores.ts';

/** A source, and the version of it that was there when it was opened. */
export interface OpenedSource {
  /** As the job names it. */
  source: string;
  object: SourceObject;
  info: ObjectInfo;
}

type JobSources = Sources & { options?: Pick<JobOptions, 'music'> | undefined };

interface Run {
  settings: Settings;
  stores: Stores;
  signal: AbortSignal;
}

/** Sources that are asked for at once. */
const asksAtOnce = 8;

/**
 * All that a film is made of: every source of its job, each once, and then the music.
 * @param versions of `versionsOf`, where the film is planned
 * @throws RefusedError `source-missing`, or when a source is one that the settings do not allow
 */
export async function openJobSources(job: JobSources, run: Run, versions?: string): Promise<OpenedSource[]> {
  const planned = versions?.split('\n') ?? [];
  const film = sourcesOf(job);
  const music = job.options?.music?.source;
  const sources = music === undefined ? film : [...film, music];
  return mapLimited(sources, asksAtOnce, (source, n) =>
    openJobSource(source, run, planned[n]).catch((error: unknown) => {
      throw n < film.length ? error : ofMusic(source, error);
    }),
  );
}

/** Names the music where it is refused, and not the film. */
export function ofMusic(source: string, error: unknown): unknown {
  if (!(error instanceof RefusedError)) return error;
  const message = `The music (${JSON.stringify(describeSource(source))}): ${error.message}`;
  return new RefusedError(error.code, message, { cause: error });
}

/** @throws RefusedError `source-missing`, or when it is one that the settings do not allow */
export async function openJobSource(
  source: string,
  { settings, stores, signal }: Run,
  plannedVersion?: string,
): Promise<OpenedSource> {
  const object = openSource(source, {
    bucket: settings.source.bucket,
    storeFor: stores.storeFor,
    allowHttp: settings.allowHttpSources,
    allowPrivate: settings.allowPrivateSources,
  });
  return { source, object, info: await object.describe(signal, plannedVersion) };
}

/** The version of each source; a plan is made for these. */
export function versionsOf(sources: readonly OpenedSource[]): string {
  return sources.map(({ info }) => versionOf(info)).join('\n');
}

/** Which sources are not what a plan was made for. */
export function replacedSince(sources: readonly OpenedSource[], versions: string): OpenedSource[] {
  const planned = versions.split('\n');
  return sources.filter(({ info }, n) => versionOf(info) !== planned[n]);
}

function versionOf({ versionId, etag }: ObjectInfo): string {
  return versionId ?? etag;
}

/** Serves the sources on loopback while `work` runs, with a temporary folder, and cleans up after it. */
export async function withSourceServers<T>(
  opened: readonly OpenedSource[],
  { settings, signal }: Run,
  work: (servers: SourceServers, workDir: string) => Promise<T>,
): Promise<T> {
  const workDir = await mkdtemp(join(settings.workDir, 'job-'));
  const { stallSeconds, patienceSeconds } = settings.storage;
  try {
    await using servers = await SourceServers.open(opened, {
      patienceSeconds,
      slowSeconds: stallSeconds / 2,
    });
    try {
      return await work(servers, workDir);
    } catch (error) {
      // ffmpeg saw only a broken connection; the server knows why.
      if (servers.failure !== undefined && !signal.aborted) throw servers.failure;
      throw error;
    }
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
