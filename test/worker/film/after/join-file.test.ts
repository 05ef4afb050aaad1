import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { joinFile } from '../../../../worker/src/film/after/join-file.ts';
import { ObjectList } from '../../../../worker/src/film/after/object-list.ts';
import { readBoxes } from '../../../../worker/src/mp4/boxes.ts';
import type { FilmFile } from '../../../../worker/src/publish/film-files.ts';
import { makeSegments } from '../../../helpers/media/segments.ts';
import { recordingLogger } from '../../../helpers/worker/queue.ts';
import { testSettings } from '../../../helpers/worker/settings.ts';

it('makes a file again with enough room where that for its index was too small', async () => {
  const { init, segments = [] } = (await makeSegments('fmp4')).files.get('240p') ?? {};
  const published = new Map([init as Buffer, ...segments].map((bytes, n) => [`${n}`, bytes]));
  const output = {
    get: async (key: string) => published.get(key),
    readRange: async (key: string, { start, end }: { start: number; end: number }) =>
      // A copy, as its reader frees it.
      Readable.from([Buffer.from(published.get(key)?.subarray(start, end + 1) ?? '')]),
  };
  const objects = [...published].map(([key, bytes]) => ({ key, sizeBytes: bytes.length, etag: '"x"' }));
  const rendition = { objects, isMpegts: false, durationSeconds: 8, serve: async () => '' };
  const file = {
    name: '240p.mp4',
    format: 'mp4',
    video: { kind: 'video' },
    audio: [],
  } as unknown as FilmFile;
  const { log, lines } = recordingLogger();
  const run = { settings: testSettings(), stores: { output }, log, signal: new AbortController().signal };
  const rooms: number[] = [];
  let film = Buffer.alloc(0);
  await joinFile(
    file as Parameters<typeof joinFile>[0],
    {
      renditions: [{ ...rendition, objects: ObjectList.whole(objects) }],
      title: undefined,
    } as unknown as Parameters<typeof joinFile>[1],
    run as unknown as Parameters<typeof joinFile>[2],
    async ({ rest, headRoomBytes, head }) => {
      rooms.push(headRoomBytes);
      const media: Buffer[] = [];
      for await (const bytes of rest) media.push(Buffer.from(bytes));
      film = Buffer.concat([head(headRoomBytes), ...media]);
    },
    () => 500,
  );
  expect(rooms).toEqual([500, expect.any(Number)]);
  expect(lines).toMatchObject([{ msg: expect.stringMatching(/^the room for the index/), file: '240p.mp4' }]);
  expect(readBoxes(film).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'free', 'mdat']);
});
