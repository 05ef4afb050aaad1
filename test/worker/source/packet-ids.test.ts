import { describe, expect, it } from 'vitest';
import { PacketIds } from '../../../worker/src/source/packet-ids.ts';

const crc = [0, 0, 0, 0];
const pair = (value: number) => [value >> 8, value & 255];

/** A packet with a table in it, or with the number of a stream's packet. */
function packet(id: number, body: readonly number[], isTable = false): Buffer {
  const payload = isTable ? [0, ...body] : body;
  const header = [0x47, (isTable ? 0x40 : 0) | (id >> 8), id & 255, 0x10];
  return Buffer.concat([Buffer.from([...header, ...payload]), Buffer.alloc(184 - payload.length, 0xff)]);
}

const section = (tableId: number, number: number, body: readonly number[]) => [
  ...[tableId, ...pair(0xb000 | (body.length + 9)), ...pair(number), 0xc1, 0, 0],
  ...[...body, ...crc],
];
const programmes = (all: Record<number, number>) =>
  packet(
    0,
    section(
      0,
      1,
      Object.entries(all).flatMap(([number, id]) => [...pair(Number(number)), ...pair(0xe000 | id)]),
    ),
    true,
  );
const programme = (
  tableAt: number,
  number: number,
  streams: [type: number, id: number, language?: string][],
) =>
  packet(
    tableAt,
    section(2, number, [
      ...[...pair(0xe100), ...pair(0xf000)],
      ...streams.flatMap(([type, id, language]) => {
        const words = language ? [0x0a, 4, ...Buffer.from(language), 0] : [];
        return [type, ...pair(0xe000 | id), ...pair(0xf000 | words.length), ...words];
      }),
    ]),
    true,
  );
const h264 = 27;
const aac = 15;
const media = (...packets: [id: number, body: number][]) => packets.map(([id, body]) => packet(id, [body]));
const idsOf = (bytes: Buffer) =>
  Array.from({ length: bytes.length / 188 }, (_, n) => bytes.readUInt16BE(n * 188 + 1) & 0x1fff);
const nothing = 0x1fff;

/** What a reader gets that is given the bytes in pieces of this size. */
function through(ids: PacketIds, bytes: Buffer, start = 0, pieceBytes = 500): Buffer {
  const reader = ids.reader(start);
  const out: Buffer[] = [];
  for (let at = start; at < bytes.length; at += pieceBytes) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
    for (const given of reader?.push(piece) ?? [piece]) out.push(Buffer.from(given));
    piece.fill(0);
  }
  return Buffer.concat([...out, ...(reader?.end() ?? [])]);
}

const head = [
  programmes({ 1: 0x1000 }),
  programme(0x1000, 1, [
    [h264, 0x100],
    [aac, 0x101, 'eng'],
    [aac, 0x102, 'deu'],
  ]),
];
const body = media([0x100, 1], [0x101, 2], [0x102, 3], [0x100, 4]);

describe('the packet ids of a transport stream', () => {
  it.each([1, 188, 500, 1000, 4096])(
    'stay as they are where no table changes, byte for byte, in pieces of %i bytes',
    (pieceBytes) => {
      const bytes = Buffer.concat([...head, ...body, ...head, ...body]);
      expect(through(new PacketIds(), bytes, 0, pieceBytes).equals(bytes)).toBe(true);
    },
  );

  it.each([1, 188, 500, 4096])(
    'are those of the start where the streams move, each to its own language, in pieces of %i bytes',
    (pieceBytes) => {
      const moved = [
        programmes({ 7: 0x1100 }),
        programme(0x1100, 7, [
          [aac, 0x100, 'deu'],
          [h264, 0x201],
          [aac, 0x202, 'eng'],
          [aac, 0x102, 'fra'],
        ]),
        ...media([0x201, 5], [0x100, 6], [0x202, 7], [0x102, 8]),
      ];
      const bytes = Buffer.concat([...head, ...body, ...moved, ...head, ...body]);
      const out = through(new PacketIds(), bytes, 0, pieceBytes);
      const own = [0, 0x1000, 0x100, 0x101, 0x102, 0x100];
      expect(idsOf(out)).toEqual([...own, nothing, nothing, 0x100, 0x102, 0x101, nothing, ...own]);
    },
  );

  it('are known to a reader that begins behind the change, and found again by one that is the first there', () => {
    const moved = [
      programmes({ 1: 0x1000 }),
      programme(0x1000, 1, [
        [h264, 0x201],
        [aac, 0x202, 'eng'],
        [aac, 0x203, 'deu'],
      ]),
    ];
    const more = media([0x201, 5], [0x202, 6], [0x203, 7], [0x201, 8]);
    const bytes = Buffer.concat([...head, ...body, ...moved, ...more, ...moved, ...more]);
    const known = new PacketIds();
    through(known, bytes);
    const behind = 8 * 188;
    expect(idsOf(through(known, bytes, behind))).toEqual([
      0x100,
      0x101,
      0x102,
      0x100,
      0,
      nothing,
      0x100,
      0x101,
      0x102,
      0x100,
    ]);
    const unknown = new PacketIds();
    through(unknown, bytes.subarray(0, behind - 2 * 188));
    expect(idsOf(through(unknown, bytes, behind)).slice(5)).toEqual([nothing, 0x100, 0x101, 0x102, 0x100]);
  });

  it('stay where a stream is only added or gone', () => {
    const added = programme(0x1000, 1, [
      [h264, 0x100],
      [aac, 0x101, 'eng'],
      [aac, 0x102, 'deu'],
      [aac, 0x103, 'fra'],
    ]);
    const gone = programme(0x1000, 1, [
      [h264, 0x100],
      [aac, 0x101, 'eng'],
    ]);
    const bytes = Buffer.concat([...head, ...body, added, ...body, gone, ...body]);
    expect(through(new PacketIds(), bytes).equals(bytes)).toBe(true);
  });

  it('are those of tracks that the tables name a little later than the first ones', () => {
    const first = programme(0x1000, 1, [[h264, 0x100]]);
    const whole = programme(0x1000, 1, [
      [h264, 0x100],
      [aac, 0x101, 'eng'],
    ]);
    const moved = programme(0x1000, 1, [
      [h264, 0x200],
      [aac, 0x201, 'eng'],
    ]);
    const tables = [programmes({ 1: 0x1000 }), first, whole, ...media([0x100, 1], [0x101, 2])];
    const out = through(new PacketIds(), Buffer.concat([...tables, moved, ...media([0x200, 3], [0x201, 4])]));
    expect(idsOf(out).slice(-2)).toEqual([0x100, 0x101]);
  });

  it('are found behind lost bytes, and in packets of 192 and 204 bytes', () => {
    const moved = [
      programme(0x1000, 1, [
        [h264, 0x201],
        [aac, 0x202, 'eng'],
        [aac, 0x203, 'deu'],
      ]),
    ];
    const more = media([0x201, 5], [0x202, 6], [0x203, 7], [0x201, 8]);
    const lost = Buffer.concat([
      ...head,
      ...body,
      ...body,
      ...moved,
      ...more.map((each) => each.subarray(0, 188)),
    ]);
    const at = (head.length + body.length) * 188 + 300;
    const damaged = Buffer.concat([lost.subarray(0, at), lost.subarray(at + 77)]);
    const out = through(new PacketIds(), damaged);
    expect(out.length).toBe(damaged.length);
    expect(idsOf(out.subarray(-4 * 188))).toEqual([0x100, 0x101, 0x102, 0x100]);
    for (const extra of [4, 16]) {
      const wide = Buffer.concat(
        [...head, ...body, ...moved, ...more].flatMap((each) => [each, Buffer.alloc(extra)]),
      );
      const ids = through(new PacketIds(), wide);
      expect(ids.readUInt16BE(ids.length - (188 + extra) + 1) & 0x1fff).toBe(0x100);
    }
  });

  it('are left alone in a file that is no transport stream', () => {
    const bytes = Buffer.alloc(5000, 'GGGG is no start of a packet');
    const ids = new PacketIds();
    expect(through(ids, bytes).equals(bytes)).toBe(true);
    expect(ids.reader(0)).toBeUndefined();
    expect(through(new PacketIds(), Buffer.from('short')).toString()).toBe('short');
  });

  it('take no more memory for a file whose tables never stop changing', () => {
    const changes = Array.from({ length: 3000 }, (_, n) =>
      programme(0x1000, 1, [
        [h264, 0x200 + n],
        [aac, 0x101, 'eng'],
        [aac, 0x102, 'deu'],
      ]),
    );
    const bytes = Buffer.concat([...head, ...body, ...changes]);
    const ids = new PacketIds();
    const before = process.memoryUsage().arrayBuffers;
    through(ids, bytes, 0, 65_536);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
  });

  it('stay where a further track makes room for one in another language or codec, and where another programme changes', () => {
    const language = programme(0x1000, 1, [
      [h264, 0x100],
      [aac, 0x101, 'eng'],
      [aac, 0x105, 'fra'],
    ]);
    const track = programme(0x1000, 1, [
      [h264, 0x100],
      [aac, 0x101, 'eng'],
      [129, 0x104, 'deu'],
    ]);
    const bytes = Buffer.concat([...head, ...body, track, ...body, language, ...body]);
    expect(through(new PacketIds(), bytes).equals(bytes)).toBe(true);
    const others = [programmes({ 1: 0x1000, 2: 0x1001 }), ...head.slice(1)];
    const second = (type: number) => programme(0x1001, 2, [[type, 0x300]]);
    const two = Buffer.concat([...others, second(h264), ...body, second(36), ...body]);
    expect(through(new PacketIds(), two).equals(two)).toBe(true);
  });

  it('are refused where a stream goes on in another codec, with what to do', () => {
    const other = programme(0x1000, 1, [
      [36, 0x200],
      [aac, 0x101, 'eng'],
      [aac, 0x102, 'deu'],
    ]);
    const bytes = Buffer.concat([...head, ...body, other]);
    expect(() => through(new PacketIds(), bytes)).toThrow(
      /^The recording's video changes from H\.264 to HEVC in the middle.*Cut it there, and send its pieces as clips/,
    );
  });
});
