import type { ObjectInfo } from '../storage/store.ts';
import { type SourceServer, type SourceServerOptions, serveSource } from './server.ts';
import type { SourceObject } from './source.ts';

/** Memory that the servers of one film's sources share, before each has its least. */
const sharedBytes = 64 * 2 ** 20;

/** Of one server's memory, so that there are always several blocks. */
const blocksPerServer = 7;

/** Of more sources than this, the start of each waits for its reader: they are read a few at a time. */
const maxStartsAtOnce = 2;

const most = { memoryBytes: 14 * 2 ** 20, blockBytes: 2 * 2 ** 20 };
const least = { memoryBytes: 1.75 * 2 ** 20, blockBytes: 2 ** 18 };

/** A server for each of a film's sources. Most films have one; each clip of a joined film may have another. */
export class SourceServers implements AsyncDisposable {
  readonly #servers: readonly SourceServer[];

  private constructor(servers: readonly SourceServer[]) {
    this.#servers = servers;
  }

  static async open(
    sources: readonly { object: SourceObject; info: ObjectInfo }[],
    options: SourceServerOptions,
  ): Promise<SourceServers> {
    const share = serverMemory(sources.length);
    const opening = sources.map(({ object, info }) => serveSource(object, info, { ...share, ...options }));
    try {
      const servers = await Promise.all(opening);
      if (servers.length <= maxStartsAtOnce) for (const server of servers) server.fetchStart();
      return new SourceServers(servers);
    } catch (error) {
      const opened = (await Promise.allSettled(opening)).flatMap((each) =>
        each.status === 'fulfilled' ? [each.value] : [],
      );
      await new SourceServers(opened)[Symbol.asyncDispose]();
      throw error;
    }
  }

  get urls(): string[] {
    return this.#servers.map(({ url }) => url);
  }

  /** Why a source can't be read on. */
  get failure(): unknown {
    return this.#servers.find(({ failure }) => failure !== undefined)?.failure;
  }

  stalledSeconds(): number {
    return Math.max(0, ...this.#servers.map((server) => server.stalledSeconds()));
  }

  endOfVideo(): void {
    for (const server of this.#servers) server.endOfVideo();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}

/** What each of several servers may use. */
export function serverMemory(servers: number): { memoryBytes: number; blockBytes: number } {
  const share = sharedBytes / servers;
  if (share >= most.memoryBytes) return most;
  if (share <= least.memoryBytes) return least;
  return { memoryBytes: share, blockBytes: Math.floor(share / blocksPerServer) };
}
