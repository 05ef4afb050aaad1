import { RefusedError } from '../errors.ts';

/** A stream as a transport stream's table of a programme names it (ISO/IEC 13818-1, 2.4.4.8). */
export interface TsStream {
  packetId: number;
  kind: 'video' | 'audio' | 'text' | 'other';
  codec: string;
  language?: string;
}

/** By number of the programme: the packet id of its own table. */
export type Programmes = ReadonlyMap<number, number>;

/** What no one reads (2.4.3.3). */
export const nullPacketId = 0x1fff;

/** @param section the table of programmes, packet id 0 (2.4.4.3) */
export function readProgrammes(section: Buffer): Programmes {
  const found = new Map<number, number>();
  for (let at = 8; at + 4 <= section.length - checksumBytes; at += 4) {
    const number = section.readUInt16BE(at);
    // 0 is the network, and no programme.
    if (number !== 0) found.set(number, section.readUInt16BE(at + 2) & 0x1fff);
  }
  return found;
}

/** @param section the table of one programme */
export function readProgramme(section: Buffer): { number: number; streams: TsStream[] } {
  const streams: TsStream[] = [];
  const last = section.length - checksumBytes;
  for (let at = 12 + (section.readUInt16BE(10) & 0x0fff); at + 5 <= last; ) {
    const length = section.readUInt16BE(at + 3) & 0x0fff;
    const packetId = section.readUInt16BE(at + 1) & 0x1fff;
    const descriptors = readDescriptors(section.subarray(at + 5, Math.min(last, at + 5 + length)));
    streams.push({ packetId, ...whatIs(section[at] ?? 0, descriptors), ...languageOf(descriptors) });
    at += 5 + length;
  }
  return { number: section.readUInt16BE(3), streams };
}

const checksumBytes = 4;

type Descriptors = ReadonlyMap<number, Buffer>;

function readDescriptors(bytes: Buffer): Descriptors {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 2 <= bytes.length; at += 2 + (bytes[at + 1] ?? 0))
    found.set(bytes[at] ?? 0, bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0)));
  return found;
}

function languageOf(descriptors: Descriptors): Pick<TsStream, 'language'> {
  const language = descriptors.get(0x0a)?.toString('latin1', 0, 3);
  return language ? { language } : {};
}

/** As `isv_types`, `hdmv_types` and `desc_types` of ffmpeg's mpegts.c have them. */
const videoCodecs: Record<number, string> = {
  1: 'MPEG-2',
  2: 'MPEG-2',
  16: 'MPEG-4',
  27: 'H.264',
  36: 'HEVC',
  51: 'VVC',
  66: 'AVS',
  209: 'Dirac',
  234: 'VC-1',
};
const audioCodecs: Record<number, string> = {
  3: 'MPEG audio',
  4: 'MPEG audio',
  15: 'AAC',
  17: 'AAC in LATM',
  129: 'AC-3',
  130: 'DTS',
  131: 'TrueHD',
  135: 'E-AC-3',
};
const privateCodecs: [tag: number, kind: TsStream['kind'], codec: string][] = [
  [0x6a, 'audio', 'AC-3'],
  [0x7a, 'audio', 'E-AC-3'],
  [0x7b, 'audio', 'DTS'],
  [0x7c, 'audio', 'AAC'],
  [0x56, 'text', 'teletext'],
  [0x59, 'text', 'DVB subtitles'],
];
const registered: Record<string, Pick<TsStream, 'kind' | 'codec'>> = {
  'AC-3': { kind: 'audio', codec: 'AC-3' },
  EAC3: { kind: 'audio', codec: 'E-AC-3' },
  Opus: { kind: 'audio', codec: 'Opus' },
  BSSD: { kind: 'audio', codec: 'PCM' },
  HEVC: { kind: 'video', codec: 'HEVC' },
  'VC-1': { kind: 'video', codec: 'VC-1' },
};

function whatIs(type: number, descriptors: Descriptors): Pick<TsStream, 'kind' | 'codec'> {
  if (videoCodecs[type]) return { kind: 'video', codec: videoCodecs[type] };
  if (audioCodecs[type]) return { kind: 'audio', codec: audioCodecs[type] };
  const named = registered[descriptors.get(0x05)?.toString('latin1', 0, 4) ?? ''];
  if (named) return named;
  const [, kind, codec] = privateCodecs.find(([tag]) => type === 6 && descriptors.has(tag)) ?? [];
  return { kind: kind ?? 'other', codec: codec ?? String(type) };
}

/**
 * Which packet ids take which of the programme's first ones where its streams have moved, and the streams that are new. A stream goes
 * on in one of its codec: in its language, else under its own id, else in the order of the table.
 * @param isOnly whether the file has no other programme, which may be the one that is shown
 * @returns no `ids` where no stream has moved
 * @throws RefusedError where the film goes on in another codec
 */
export function movedIds(
  first: readonly TsStream[],
  now: readonly TsStream[],
  isOnly: boolean,
): { ids: ReadonlyMap<number, number> | undefined; added: readonly TsStream[] } {
  const free = new Set(now);
  const ids = new Map<number, number>();
  let missing = first.filter(({ kind }) => kind !== 'other');
  const pair = (fits: (stream: TsStream, other: TsStream) => boolean) => {
    missing = missing.filter((stream) => {
      const found = [...free].find((other) => other.kind === stream.kind && fits(stream, other));
      if (found === undefined) return true;
      free.delete(found);
      ids.set(found.packetId, stream.packetId);
      return false;
    });
  };
  const isAlike = (stream: TsStream, other: TsStream) => other.codec === stream.codec;
  const isNamed = (stream: TsStream, other: TsStream) =>
    isAlike(stream, other) && other.language === stream.language;
  const isSame = (stream: TsStream, other: TsStream) => other.packetId === stream.packetId;
  pair((stream, other) => isNamed(stream, other) && isSame(stream, other));
  pair(isNamed);
  pair((stream, other) => isAlike(stream, other) && isSame(stream, other));
  const isGone = (kind: TsStream['kind']) =>
    first.every((each) => each.kind !== kind || missing.includes(each));
  const gone = new Set<TsStream['kind']>((['video', 'audio', 'text'] as const).filter(isGone));
  // A track in another language is another one, but where none else is left.
  pair(
    (stream, other) =>
      isAlike(stream, other) && (!stream.language || !other.language || gone.has(stream.kind)),
  );
  if (isOnly) refuseOtherCodec(first, missing, free);
  const isTaken = (id: number) => first.some(({ packetId }) => packetId === id);
  const added = [...free].filter(({ kind, packetId }) => kind !== 'other' && !isTaken(packetId));
  if ([...ids].every(([from, to]) => from === to)) return { ids: undefined, added };
  // Of what is new, nothing may be taken for a stream that was there.
  for (const { packetId } of free) if (isTaken(packetId)) ids.set(packetId, nullPacketId);
  return { ids, added };
}

/** A further track may come and go; a film whose video, or all of whose audio, is another one would end there. */
function refuseOtherCodec(
  first: readonly TsStream[],
  missing: readonly TsStream[],
  free: ReadonlySet<TsStream>,
): void {
  for (const kind of ['video', 'audio'] as const) {
    const [stream] = missing.filter((each) => each.kind === kind);
    const other = [...free].find((each) => each.kind === kind);
    const isGone = first.every((each) => each.kind !== kind || missing.includes(each));
    if (stream && other && isGone) throw otherCodec(stream, other);
  }
}

function otherCodec(stream: TsStream, other: TsStream): RefusedError {
  return new RefusedError(
    'no-decoder',
    `The recording's ${stream.kind} changes from ${stream.codec} to ${other.codec} in the middle, as where two recordings are joined. ` +
      'Cut it there, and send its pieces as clips of one film (`sources`).',
  );
}
