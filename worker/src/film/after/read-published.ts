import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import type { FilmRendition, FilmSubtitles } from '../../protocol/status.ts';
import { playlistFiles } from '../../publish/media-playlist.ts';
import { segmentSecondsOf } from '../../publish/text-playlist.ts';
import { JoinedSource } from '../../source/joined-source.ts';
import { type SourceServer, serveSource } from '../../source/server.ts';
import type { ListedObject } from '../../storage/store.ts';
import type { TranscodeRun } from '../film.ts';

/**
 * Each rendition is read once, from its start to its end. Segments of video are larger than a small block: each would be asked for
 * several times.
 */
const readerBytes = {
  large: { blockBytes: 4 * 2 ** 20, memoryBytes: 16 * 2 ** 20 },
  small: { blockBytes: 2 ** 20, memoryBytes: 6 * 2 ** 20 },
};

/** Gives ffmpeg what is published. */
export interface PublishedReader {
  /** Objects below a prefix, in the order of their names. @throws Error when one is missing */
  objects(prefix: string, names: readonly string[]): Promise<ListedObject[]>;
  /** @returns a URL of all of them, one behind the other; without the first `skipBytes` of all but the first */
  serve(name: string, objects: readonly ListedObject[], skipBytes?: number): Promise<string>;
  rendition(rendition: FilmRendition): Promise<PublishedRendition>;
  /** @returns URLs of the WebVTT files of subtitles, in their order */
  texts(subtitles: readonly FilmSubtitles[]): Promise<string[]>;
  /** Whether ffmpeg waits for storage. */
  isStalled(): boolean;
}

/** A whole rendition, as its playlist names it. */
export interface PublishedRendition {
  /** The init segment first, where there is one. */
  objects: readonly ListedObject[];
  isMpegts: boolean;
  durationSeconds: number;
  /** @returns the URL of all of it */
  serve(): Promise<string>;
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
  const serveJoined = async (
    size: keyof typeof readerBytes,
    ...of: [name: string, objects: readonly ListedObject[], skipBytes?: number]
  ) => {
    const joined = new JoinedSource(output, ...of);
    const timing = { patienceSeconds, slowSeconds: stallSeconds / 2 };
    const server = await serveSource(joined, await joined.describe(), { ...readerBytes[size], ...timing });
    servers.push(server);
    return server.url;
  };
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
    serve: (...of) => serveJoined('small', ...of),
    async rendition({ name, kind, playlist }) {
      if (playlist === undefined) throw new TypeError(`The film has no stream of ${name}.`);
      const text = await output.get(playlist, signal);
      const media = text?.toString('utf8') ?? '';
      const files = playlistFiles(media);
      const objects = await reader.objects(`${dirname(playlist)}/`, files);
      return {
        objects,
        isMpegts: files.some((file) => file.endsWith('.ts')),
        durationSeconds: segmentSecondsOf(media).reduce((sum, each) => sum + each, 0),
        serve: () => serveJoined(kind === 'video' ? 'large' : 'small', name, objects),
      };
    },
    async texts(subtitles) {
      const urls: string[] = [];
      for (const { file: key } of subtitles) {
        const { objects } = await output.listAll(key, signal);
        urls.push(await serveJoined('small', key, objects.slice(0, 1)));
      }
      return urls;
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
