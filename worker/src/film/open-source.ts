import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../settings/settings.ts';
import { openSource } from '../source/open.ts';
import { type SourceServer, serveSource } from '../source/server.ts';
import type { SourceObject } from '../source/source.ts';
import type { ObjectInfo } from '../storage/store.ts';
import type { Stores } from '../storage/stores.ts';

/** A source, and the version of it that was there when it was opened. */
export interface OpenedSource {
  object: SourceObject;
  info: ObjectInfo;
}

interface Run {
  settings: Settings;
  stores: Stores;
  signal: AbortSignal;
}

/** @throws RefusedError `source-missing`, or when the source is one that the settings do not allow */
export async function openJobSource(
  source: string,
  { settings, stores, signal }: Run,
): Promise<OpenedSource> {
  const object = openSource(source, {
    bucket: settings.source.bucket,
    storeFor: stores.storeFor,
    allowHttp: settings.allowHttpSources,
    allowPrivate: settings.allowPrivateSources,
  });
  return { object, info: await object.describe(signal) };
}

/** Serves the source on loopback while `work` runs, with a temporary folder, and cleans up after it. */
export async function withSourceServer<T>(
  { object, info }: OpenedSource,
  { settings, signal }: Run,
  work: (server: SourceServer, workDir: string) => Promise<T>,
): Promise<T> {
  const workDir = await mkdtemp(join(settings.workDir, 'job-'));
  const { stallSeconds, patienceSeconds } = settings.storage;
  const server = await serveSource(object, info, { patienceSeconds, slowSeconds: stallSeconds / 2 });
  try {
    return await work(server, workDir);
  } catch (error) {
    // ffmpeg saw only a broken connection; the server knows why.
    if (server.failure !== undefined && !signal.aborted) throw server.failure;
    throw error;
  } finally {
    await server.close();
    await rm(workDir, { recursive: true, force: true });
  }
}
