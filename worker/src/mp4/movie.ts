import { type Box, findBox, readBoxes } from './boxes.ts';
import type { SampleTable } from './sample-table.ts';
import { box, fullBox, uint32s, uint32Table, uint64Table } from './write-boxes.ts';

/** A track of an MP4: what its init segment says of it, and its samples. */
export interface MovieTrack {
  init: Buffer;
  table: SampleTable;
  /** ISO 639-2/T. Else as the init segment has it. */
  language?: string | undefined;
  /** Players play it unasked. Else as the init segment has it. */
  isEnabled?: boolean;
}

export interface Movie {
  /** Of all files of a kind: the major brand first. */
  brands: readonly string[];
  tracks: readonly MovieTrack[];
  /** For people. */
  title?: string | undefined;
}

const maxUint32 = 2 ** 32 - 1;
const maxInt32 = 2 ** 31 - 1;

/** From the Unix epoch: an MP4 has no time of its making, so that the same film is the same file. */
const noTime = 0;

/** The size of a box of more than 4 GB stands behind its type. */
export const mediaHeadBytes = 16;

export function fileTypeBox([major = 'isom', ...compatible]: readonly string[]): Buffer {
  const names = [major, ...compatible].map((brand) => Buffer.from(brand, 'latin1'));
  return box('ftyp', names[0] as Buffer, uint32s(0x200), ...names);
}

/**
 * The index of an MP4 (ISO/IEC 14496-12, 8.2), with the tracks' own descriptions of how they are decoded.
 * @param mediaStart where the media begins in the file
 */
export function movieBox({ tracks, title }: Movie, mediaStart: number): Buffer {
  // That of the video, so that its edits are exact.
  const timescale = tracks[0] ? timescaleOf(tracks[0]) : 1000;
  const made = tracks.map((track, index) => trackBox(track, { id: index + 1, timescale, mediaStart }));
  const durationTicks = Math.max(0, ...made.map((each) => each.durationTicks));
  return box(
    'moov',
    movieHeader(timescale, durationTicks, tracks.length + 1),
    ...made.map((each) => each.bytes),
    ...(title ? [titleBox(title)] : []),
  );
}

function movieHeader(timescale: number, durationTicks: number, nextTrackId: number): Buffer {
  const isLong = durationTicks > maxUint32;
  const matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
  return fullBox(
    'mvhd',
    isLong ? 1 : 0,
    0,
    ...times(isLong, timescale, durationTicks),
    // Rate and volume are those of the film; the rest is reserved.
    uint32s(0x10000, 0x1000000, 0, 0, ...matrix, 0, 0, 0, 0, 0, 0, nextTrackId),
  );
}

/** When it was made and changed, and how long it is. */
function times(isLong: boolean, timescale: number, durationTicks: number): Buffer[] {
  return isLong
    ? [uint64Table([noTime, noTime]), uint32s(timescale), uint64Table([durationTicks])]
    : [uint32s(noTime, noTime, timescale, durationTicks)];
}

interface TrackPlace {
  id: number;
  /** Of the whole film. */
  timescale: number;
  mediaStart: number;
}

/** @returns its duration in the film's time, what comes before it included */
function trackBox(
  track: MovieTrack,
  { id, timescale, mediaStart }: TrackPlace,
): { bytes: Buffer; durationTicks: number } {
  const { init, table, isEnabled } = track;
  const { shown } = table;
  const scale = timescale / timescaleOf(track);
  const delayTicks = Math.max(0, Math.round(shown.filmTicks * scale));
  const shownTicks = Math.round(shown.durationTicks * scale);
  const durationTicks = delayTicks + shownTicks;
  const trak = inside(init, findBox(init, ['moov', 'trak']));
  const mdia = inside(init, findBox(init, ['mdia'], trak));
  const userData = trak.find(({ type }) => type === 'udta');
  return {
    durationTicks,
    bytes: box(
      'trak',
      trackHeader(init, findBox(init, ['tkhd'], trak), { id, durationTicks, isEnabled }),
      box(
        'edts',
        editList([
          ...(delayTicks > 0 ? [{ durationTicks: delayTicks, fromTicks: -1 }] : []),
          { durationTicks: shownTicks, fromTicks: shown.fromTicks },
        ]),
      ),
      box(
        'mdia',
        mediaHeader(track),
        copyOf(init, findBox(init, ['hdlr'], mdia)),
        box(
          'minf',
          ...inside(init, findBox(init, ['minf'], mdia)).map((each) =>
            each.type === 'stbl' ? sampleBox(track, each, mediaStart) : copyOf(init, each),
          ),
        ),
      ),
      ...(userData ? [copyOf(init, userData)] : []),
    ),
  };
}

/** Size, place and kind as in the init segment (8.3.2). */
function trackHeader(
  init: Buffer,
  header: Box,
  { id, durationTicks, isEnabled }: { id: number; durationTicks: number; isEnabled: boolean | undefined },
): Buffer {
  const enabled = 1;
  const inMovie = 2;
  const before = init.readUIntBE(header.body + 1, 3);
  const flags = inMovie + ((isEnabled ?? (before & enabled) !== 0) ? enabled : 0);
  const isLong = durationTicks > maxUint32;
  const rest = init.subarray(header.body + (init[header.body] === 1 ? 36 : 24), header.end);
  const fields = isLong
    ? [uint64Table([noTime, noTime]), uint32s(id, 0), uint64Table([durationTicks])]
    : [uint32s(noTime, noTime, id, 0, durationTicks)];
  return fullBox('tkhd', isLong ? 1 : 0, flags, ...fields, rest);
}

/** What of a track is shown, in the film's time, and from where in its own; from -1 nothing is shown (8.6.6). */
function editList(edits: readonly { durationTicks: number; fromTicks: number }[]): Buffer {
  const normalRate = 0x10000;
  const isLong = edits.some((edit) => Math.max(edit.durationTicks, edit.fromTicks) > maxInt32);
  const rows = edits.flatMap(({ durationTicks, fromTicks }) => {
    const number = isLong ? bigInt64 : int32;
    return [number(durationTicks), number(fromTicks), uint32s(normalRate)];
  });
  return fullBox('elst', isLong ? 1 : 0, 0, uint32s(edits.length), ...rows);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function bigInt64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function mediaHeader({ init, table, language }: MovieTrack): Buffer {
  const header = mediaHeaderOf(init);
  const isLong = table.durationTicks > maxUint32;
  const before = init.readUInt16BE(header.body + (init[header.body] === 1 ? 32 : 20));
  const code = Buffer.alloc(4);
  code.writeUInt16BE(language === undefined ? before : packedLanguage(language));
  const fields = times(isLong, init.readUInt32BE(timescaleAt(init, header)), table.durationTicks);
  return fullBox('mdhd', isLong ? 1 : 0, 0, ...fields, code);
}

/** Three letters in five bits each (8.4.2.3). */
function packedLanguage(language: string): number {
  return [...language].reduce((sum, letter) => sum * 32 + (letter.charCodeAt(0) - 0x60), 0);
}

/** Ticks a second of a track. */
export function timescaleOf({ init }: Pick<MovieTrack, 'init'>): number {
  return init.readUInt32BE(timescaleAt(init, mediaHeaderOf(init)));
}

function mediaHeaderOf(init: Buffer): Box {
  return findBox(init, ['moov', 'trak', 'mdia', 'mdhd']);
}

function timescaleAt(init: Buffer, { body }: Box): number {
  return body + (init[body] === 1 ? 20 : 12);
}

function sampleBox({ init, table }: MovieTrack, stbl: Box, mediaStart: number): Buffer {
  const description = findBox(init, ['stsd'], inside(init, stbl));
  const isAac = init.toString('latin1', description.body + 12, description.body + 16) === 'mp4a';
  return box(
    'stbl',
    copyOf(init, description),
    ...table.boxes(mediaStart),
    ...(isAac ? rollBoxes(table.count) : []),
  );
}

/** A frame of AAC is whole with the one before it (ISO/IEC 14496-3, 1.6.7; ISO/IEC 14496-12, 10.1). */
function rollBoxes(samples: number): Buffer[] {
  const roll = Buffer.from('roll', 'latin1');
  const oneBefore = Buffer.from([0xff, 0xff]);
  return [
    fullBox('sgpd', 1, 0, roll, uint32s(oneBefore.length, 1), oneBefore),
    fullBox('sbgp', 0, 0, roll, uint32s(1, samples, 1)),
  ];
}

/** As iTunes and QuickTime have it, and all others since. */
function titleBox(title: string): Buffer {
  const utf8 = 1;
  const name = box('\u00a9nam', box('data', uint32s(utf8, 0), Buffer.from(title)));
  const handler = fullBox(
    'hdlr',
    0,
    0,
    uint32s(0),
    Buffer.from('mdirappl', 'latin1'),
    uint32Table([0, 0]),
    Buffer.alloc(1),
  );
  return box('udta', fullBox('meta', 0, 0, handler, box('ilst', name)));
}

function inside(data: Buffer, { body, end }: Box): Box[] {
  return readBoxes(data, body, end);
}

function copyOf(data: Buffer, { start, end }: Box): Buffer {
  return data.subarray(start, end);
}
