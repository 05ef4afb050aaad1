import { fragmentsOf, readSampleDefaults, type Sample } from './fragment.ts';
import { fileTypeBox, type Movie, type MovieTrack, mediaHeadBytes, movieBox, timescaleOf } from './movie.ts';
import { SampleTable } from './sample-table.ts';
import { box, uint32s, uint64Table } from './write-boxes.ts';

/** A track as it is published: an init segment, and segments, each in memory of its own. */
export interface SegmentedTrack extends Omit<MovieTrack, 'table'> {
  /** A segment's memory is its own until the next one is asked for. */
  segments: AsyncIterable<Buffer>;
}

/** A segment is not what its head says. */
export class BrokenSegmentError extends Error {
  override readonly name = 'BrokenSegmentError';
}

/** The index does not go into the room that was left for it. */
export class IndexRoomError extends Error {
  override readonly name = 'IndexRoomError';
  readonly neededBytes: number;

  constructor(roomBytes: number, neededBytes: number) {
    super(`The index of the MP4 takes ${neededBytes} bytes, and ${roomBytes} were left for it.`);
    this.neededBytes = neededBytes;
  }
}

/**
 * Samples lie in chunks of half a second of their track: players that read a file from its start have picture and sound together, and
 * the index has an entry for each chunk and not for each sample.
 */
const chunkSeconds = 0.5;

/** Samples of one track that lie together. */
interface Chunk {
  startSeconds: number;
  samples: number;
  bytes: Buffer;
}

/** A `free` box has no less. */
const minFreeBytes = 8;

/**
 * An MP4 of segmented tracks, with its index before its media, sample by sample as they are: nothing is encoded, and no more than a
 * segment of each track is in memory. The index is known when the media has been read.
 */
export class JoinedMovie {
  readonly #brands: readonly string[];
  readonly #title: string | undefined;
  readonly #tracks: readonly (SegmentedTrack & MovieTrack)[];
  #mediaBytes = 0;

  constructor({ brands, title, tracks }: Omit<Movie, 'tracks'> & { tracks: readonly SegmentedTrack[] }) {
    this.#brands = brands;
    this.#title = title;
    this.#tracks = tracks.map((track) => ({ ...track, table: new SampleTable() }));
  }

  /**
   * The media, tracks side by side. What is yielded is of use until the next is asked for.
   * @throws BrokenSegmentError; what reading the segments throws
   */
  async *media(): AsyncGenerator<Buffer> {
    const readers = this.#tracks.map((track) => new ChunkReader(track));
    try {
      await Promise.all(readers.map((reader) => reader.advance()));
      for (let reader = earliest(readers); reader?.chunk; reader = earliest(readers)) {
        const { samples, bytes } = reader.chunk;
        reader.track.table.addChunk(this.#mediaBytes, samples);
        this.#mediaBytes += bytes.length;
        yield bytes;
        await reader.advance();
      }
    } finally {
      await Promise.all(readers.map((reader) => reader.close()));
    }
  }

  /**
   * What stands before the media, once all of it has been read.
   * @param roomBytes that it takes, with free room behind the index. @default as much as it needs
   * @throws IndexRoomError
   */
  head(roomBytes?: number): Buffer {
    // The offsets that it holds do not change its size, but where they come to need eight bytes.
    if (roomBytes === undefined) return this.#headWith(this.#headWith(this.#headWith(0).length).length);
    const index = this.#headWith(roomBytes);
    const left = roomBytes - index.length;
    if (left === 0) return index;
    if (left < minFreeBytes) throw new IndexRoomError(roomBytes, index.length + minFreeBytes);
    const media = index.subarray(index.length - mediaHeadBytes);
    const free = box('free', Buffer.alloc(left - minFreeBytes));
    return Buffer.concat([index.subarray(0, index.length - mediaHeadBytes), free, media]);
  }

  #headWith(mediaStart: number): Buffer {
    const tracks = this.#tracks.filter(({ table }) => table.count > 0);
    const sizeBehind = 1;
    return Buffer.concat([
      fileTypeBox(this.#brands),
      movieBox({ brands: this.#brands, tracks, title: this.#title }, mediaStart),
      uint32s(sizeBehind),
      Buffer.from('mdat', 'latin1'),
      uint64Table([mediaHeadBytes + this.#mediaBytes]),
    ]);
  }
}

async function* chunksOf(track: SegmentedTrack & MovieTrack): AsyncGenerator<Chunk> {
  const { init, segments, table } = track;
  const defaults = readSampleDefaults(init);
  const timescale = timescaleOf(track);
  for await (const data of segments)
    for (const { fragment, content } of wholeFragments(data, defaults)) {
      table.add(fragment);
      let startTicks = fragment.decodeTicks;
      let start = content.body;
      for (const { samples, durationTicks } of inChunks(fragment.samples, chunkSeconds * timescale)) {
        const end = start + samples.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        const bytes = data.subarray(start, end);
        yield { startSeconds: startTicks / timescale, samples: samples.length, bytes };
        startTicks += durationTicks;
        start = end;
      }
    }
}

function* wholeFragments(...given: Parameters<typeof fragmentsOf>): ReturnType<typeof fragmentsOf> {
  try {
    yield* fragmentsOf(...given);
  } catch (error) {
    throw new BrokenSegmentError((error as Error).message, { cause: error });
  }
}

function* inChunks(
  samples: readonly Sample[],
  chunkTicks: number,
): Generator<{ samples: Sample[]; durationTicks: number }> {
  let chunk: Sample[] = [];
  let durationTicks = 0;
  for (const sample of samples) {
    chunk.push(sample);
    durationTicks += sample.durationTicks;
    if (durationTicks < chunkTicks) continue;
    yield { samples: chunk, durationTicks };
    chunk = [];
    durationTicks = 0;
  }
  if (chunk.length > 0) yield { samples: chunk, durationTicks };
}

/** A track, and the next of its chunks. */
class ChunkReader {
  readonly track: SegmentedTrack & MovieTrack;
  readonly #chunks: AsyncGenerator<Chunk>;
  chunk: Chunk | undefined;

  constructor(track: SegmentedTrack & MovieTrack) {
    this.track = track;
    this.#chunks = chunksOf(track);
  }

  async advance(): Promise<void> {
    const next = await this.#chunks.next();
    this.chunk = next.done ? undefined : next.value;
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}

/** Undefined where there are no more chunks. */
function earliest(readers: readonly ChunkReader[]): ChunkReader | undefined {
  return readers
    .filter(({ chunk }) => chunk !== undefined)
    .reduce<ChunkReader | undefined>(
      (first, reader) =>
        (reader.chunk?.startSeconds ?? 0) < (first?.chunk?.startSeconds ?? Number.POSITIVE_INFINITY)
          ? reader
          : first,
      undefined,
    );
}
