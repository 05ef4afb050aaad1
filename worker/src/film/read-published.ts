import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import type { FilmRendition } from '../protocol/status.ts';
import { playlistFiles } from '../publish/media-playlist.ts';
import { JoinedSource } from '../source/joined-source.ts';
import { type SourceServer, serveSource } from '../source/server.ts';
import type { ListedObject } from '../storage/store.ts';
import type { TranscodeRun } from './film.ts';

/** Each rendition is read once, from its start to its end. */
const readerBytes = { blockBytes: 2 ** 20, memoryBytes: 6 * 2 ** 20 };

/** Gives ffmpeg what is published. */
export interface PublishedReader {
  /** Objects below a prefix, in the order of their names. @throws Error when one is missing */
  objects(prefix: string, names: readonly string[]): Promise<ListedObject[]>;
  /** @returns a URL of all of them, one behind the other; without the first `skipBytes` of all but the first */
  serve(name: string, objects: readonly ListedObject[], skipBytes?: number): Promise<string>;
  /** A whole rendition, as its playlist names it. */
  rendition(rendition: FilmRendition): Promise<{ url: string; isMpegts: boolean }>;
  /** Whether ffmpeg waits for storage. */
  isStalled(): boolean;
}

/** With a folder on the worker's disk, while `work` runs. */
export async function withPublished<T>(
  { settings, stores, signal }: Pick<TranscodeRun, 'settings' | 'stores' | 'signal'>,
  work: (reader: PublishedReader, workDir: string) => Promise<T>,
): Promise<T> {
  const { output } = stores;
  const { patienceSeconds, stallSeconds } = settings.storage;
  const workDir = await mkdtemp(join(settings.workDir, 'file-'));
  const servers: SourceServer[] = [];
  const reader: PublishedReader = {
    async objects(prefix, names) {
      const { objects } = await output.listAll(prefix, signal);
      const found = new Map(objects.map((object) => [basename(object.key), object]));
      return names.map((name) => {
        const object = found.get(name);
        if (object === undefined) throw new Error(`${prefix}${name} is no longer in storage.`);
        return object;
      });
    },
    async serve(name, objects, skipBytes) {
      const joined = new JoinedSource(output, name, objects, skipBytes);
      const timing = { patienceSeconds, slowSeconds: stallSeconds / 2 };
      const server = await serveSource(joined, await joined.describe(), { ...readerBytes, ...timing });
      servers.push(server);
      return server.url;
    },
    async rendition({ name, playlist }) {
      if (playlist === undefined) throw new TypeError(`The film has no stream of ${name}.`);
      const text = await output.get(playlist, signal);
      const files = playlistFiles(text?.toString('utf8') ?? '');
      const url = await reader.serve(name, await reader.objects(`${dirname(playlist)}/`, files));
      return { url, isMpegts: files.some((file) => file.endsWith('.ts')) };
    },
    isStalled: () => servers.some((server) => server.stalledSeconds() > 0),
  };
  try {
    return await work(reader, workDir);
  } catch (error) {
    // ffmpeg saw only a broken connection; the server knows why.
    const failure = servers.find((server) => server.failure !== undefined)?.failure;
    throw failure !== undefined && !signal.aborted ? failure : error;
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    await rm(workDir, { recursive: true, force: true });
  }
}
