import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBoxes } from '../../../worker/src/mp4/boxes.ts';
import { BrokenSegmentError, IndexRoomError, JoinedMovie } from '../../../worker/src/mp4/join.ts';
import { ffprobe, temporaryFolder } from '../../helpers/media/clips.ts';
import { makeSegments } from '../../helpers/media/segments.ts';

interface Track {
  init: Buffer;
  segments: Buffer[];
}

let video: Track;
let audio: Track;

beforeAll(async () => {
  const { files } = await makeSegments('fmp4');
  const of = (name: string) => {
    const { init, segments } = files.get(name) ?? {};
    if (!init || !segments) throw new Error(`ffmpeg made no ${name}`);
    return { init, segments };
  };
  video = of('240p');
  audio = of('audio-0');
});

async function* each(segments: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const segment of segments) {
    const memory = Buffer.from(segment);
    yield memory;
    // What is read from now on is another segment.
    memory.fill(0);
  }
}

const movieOf = (...tracks: Track[]) =>
  new JoinedMovie({
    brands: ['isom', 'iso2', 'avc1', 'mp41'],
    title: 'Grüße',
    tracks: tracks.map(({ init, segments }) => ({ init, segments: each(segments) })),
  });

async function mediaOf(movie: JoinedMovie): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const bytes of movie.media()) chunks.push(Buffer.from(bytes));
  return Buffer.concat(chunks);
}

interface Packet {
  pts_time: string;
  duration_time: string;
  size: string;
  flags: string;
  data_hash: string;
}

async function probe(bytes: Buffer, stream: string) {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'film.mp4');
  await writeFile(path, bytes);
  const { packets, format } = await ffprobe<{ packets: Packet[]; format: { tags: { title: string } } }>(
    ...['-select_streams', stream, '-show_packets', '-show_data_hash', 'CRC32', '-show_format', path],
  );
  return { packets, title: format.tags.title };
}

const shown = ({ packets }: { packets: Packet[] }) =>
  packets.map(
    ({ size, data_hash, flags, pts_time }) => [size, data_hash, flags[0], Number(pts_time)] as const,
  );

const typesOf = (bytes: Buffer) => readBoxes(bytes).map(({ type }) => type);

describe('a film of segmented tracks', () => {
  it('has every frame of its tracks, at their times, and its index first', async () => {
    const movie = movieOf(video, audio);
    const media = await mediaOf(movie);
    const film = Buffer.concat([movie.head(), media]);
    expect(typesOf(film)).toEqual(['ftyp', 'moov', 'mdat']);
    for (const [stream, { init, segments }] of [
      ['v:0', video],
      ['a:0', audio],
    ] as const) {
      const read = await probe(film, stream);
      expect(read.title).toBe('Grüße');
      const published = shown(
        await probe(Buffer.concat([init, ...segments]), stream[0] === 'v' ? 'v:0' : 'a:0'),
      );
      const joined = shown(read);
      expect(joined.map((packet) => packet.slice(0, 3))).toEqual(
        published.map((packet) => packet.slice(0, 3)),
      );
      // ffmpeg moves the times of a fragmented film by its composition offsets, so the first frame says by how much.
      const shift = Math.min(...published.map(([, , , pts]) => pts));
      for (const [index, [, , , pts]] of joined.entries())
        expect(pts).toBeCloseTo((published[index]?.[3] ?? 0) - shift, 5);
    }
  });

  it('has the sound of each half second beside its picture', async () => {
    const sizes: number[] = [];
    for await (const bytes of movieOf(video, audio).media()) sizes.push(bytes.length);
    // 8 s in halves, of two tracks, each cut at segments too.
    expect(sizes.length).toBeGreaterThanOrEqual(32);
    expect(sizes.length).toBeLessThan(48);
  });

  it('fills the room that was left for its index, and says how much it needs where that is too little', async () => {
    const movie = movieOf(video, audio);
    const media = await mediaOf(movie);
    const whole = movie.head();
    for (const spare of [0, 8, 9, 5000]) {
      const head = movie.head(whole.length + spare);
      expect(head.length, `${spare} bytes to spare`).toBe(whole.length + spare);
      const film = Buffer.concat([head, media]);
      expect(typesOf(film)).toEqual(
        spare === 0 ? ['ftyp', 'moov', 'mdat'] : ['ftyp', 'moov', 'free', 'mdat'],
      );
      expect(shown(await probe(film, 'v:0'))).toEqual(
        shown(await probe(Buffer.concat([whole, media]), 'v:0')),
      );
    }
    for (const room of [0, 500, whole.length - 1, whole.length + 1, whole.length + 7]) {
      const error = (() => {
        try {
          return movie.head(room);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error, `${room} bytes`).toBeInstanceOf(IndexRoomError);
      const { neededBytes } = error as IndexRoomError;
      expect(movie.head(neededBytes).length).toBe(neededBytes);
    }
  });

  it('refuses a segment that is cut off, and lets go of the others', async () => {
    const [first = Buffer.alloc(0), ...others] = video.segments;
    const cut = { ...video, segments: [first.subarray(0, first.length - 1), ...others] };
    const reading = mediaOf(movieOf(audio, cut));
    await expect(reading).rejects.toThrow(BrokenSegmentError);
    await expect(reading).rejects.toThrow(/"mdat" is cut off/);
  });

  it('says itself what keeps segments from being read', async () => {
    async function* gone(): AsyncGenerator<Buffer> {
      yield Buffer.from(video.segments[0] ?? '');
      throw new Error('00001.m4s is gone.');
    }
    const movie = new JoinedMovie({
      brands: ['isom'],
      title: undefined,
      tracks: [{ init: video.init, segments: gone() }],
    });
    await expect(mediaOf(movie)).rejects.toThrow(/^00001\.m4s is gone\.$/);
  });

  it('has no track where nothing was published of it', async () => {
    const movie = movieOf(video, { ...audio, segments: [] });
    const film = Buffer.concat([await mediaOf(movie), Buffer.alloc(0)]);
    const { packets } = await probe(Buffer.concat([movie.head(), film]), 'a:0');
    expect(packets).toEqual([]);
  });
});
