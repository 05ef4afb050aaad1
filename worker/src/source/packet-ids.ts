import {
  movedIds,
  nullPacketId,
  type Programmes,
  readProgramme,
  readProgrammes,
  type TsStream,
} from './ts-tables.ts';

/** From one place of a transport stream on: where its tables are, and what becomes of each packet id. */
interface State {
  programmes: Programmes;
  /** By number of the first programme that it is. */
  moved: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** By packet id: itself, another one, or `isTable`. */
  targets: Uint16Array;
}

const isTable = 0xffff;
const ownIds = Uint16Array.from({ length: 0x2000 }, (_, id) => id);
const syncByte = 0x47;
const packetSizes = [188, 192, 204];

/** A transport stream is one if so many packets stand behind each other. */
const sniffedPackets = 5;

/**
 * Keeps the packet ids of a transport stream as they are at its start. Where recordings are joined, or a broadcaster changes its tables,
 * video and audio go on under other ids, and ffmpeg takes them for further streams: the film would end there. What is learned of the
 * tables holds for all readers; one that begins where none has been yet learns it from the next table.
 */
export class PacketIds {
  #packetBytes: number | undefined;
  /** The first table of programmes, and each programme's first one. */
  #programmes: Programmes | undefined;
  readonly #streams = new Map<number, TsStream[]>();
  readonly #changes = new Map<number, State>();
  /** Each once, by what makes it. */
  readonly #states = new Map<string, State>();
  /** All changes before this byte are known. */
  #knownTo = 0;

  /** @returns undefined for a file that is no transport stream */
  reader(start: number): PacketIdReader | undefined {
    const size = this.#packetBytes;
    return size === 0 || (size === undefined && start > 0)
      ? undefined
      : new PacketIdReader(this, start, size);
  }

  sniff(head: Buffer): number {
    this.#packetBytes ??= packetSizes.find((size) => findSync(head, 0, size, sniffedPackets) < size) ?? 0;
    return this.#packetBytes;
  }

  stateAt(byte: number): State {
    let [last, found] = [-1, this.#state(new Map(), new Map())];
    for (const [at, state] of this.#changes) if (at <= byte && at > last) [last, found] = [at, state];
    return found;
  }

  note(at: number, state: State): void {
    if (this.#changes.size < maxChanges) this.#changes.set(at, state);
  }

  read(from: number, to: number): void {
    if (from <= this.#knownTo) this.#knownTo = Math.max(this.#knownTo, to);
  }

  /** @returns the new state, and whether ffmpeg must not see this table */
  ofProgrammes(section: Buffer, state: State): { state: State; isHidden: boolean } {
    const programmes = readProgrammes(section);
    this.#programmes ??= programmes;
    const isHidden = [...this.#programmes].some(([number, packetId]) => programmes.get(number) !== packetId);
    return { state: this.#state(programmes, state.moved, state), isHidden };
  }

  /** @throws RefusedError where a stream goes on in another codec */
  ofProgramme(
    section: Buffer,
    state: State,
    { isFromStart, at }: { isFromStart: boolean; at: number },
  ): { state: State; isHidden: boolean } {
    const { number, streams } = readProgramme(section);
    const known = this.#firstNumber(number, state.programmes);
    const first = known === undefined ? undefined : this.#streams.get(known);
    if (known === undefined || first === undefined) {
      if (isFromStart && known !== undefined) this.#streams.set(known, streams);
      return { state, isHidden: false };
    }
    const { ids, added } = movedIds(first, streams, this.#programmes?.size === 1);
    if (ids === undefined && at <= probedBytes) this.#streams.set(known, [...first, ...added]);
    const moved = new Map(state.moved);
    if (ids === undefined) moved.delete(known);
    else moved.set(known, ids);
    return { state: this.#state(state.programmes, moved, state), isHidden: ids !== undefined };
  }

  /** @param otherwise where a file has more states than any recording */
  #state(programmes: Programmes, moved: State['moved'], otherwise?: State): State {
    const key = JSON.stringify([[...programmes], [...moved].map(([number, ids]) => [number, ...ids])]);
    const known = this.#states.get(key) ?? (this.#states.size < maxStates ? undefined : otherwise);
    if (known) return known;
    const state = { programmes, moved, targets: targetsOf(programmes, moved) };
    this.#states.set(key, state);
    return state;
  }

  /** Where there is one programme, it is the same one whatever its number. */
  #firstNumber(number: number, now: Programmes): number | undefined {
    if (this.#programmes?.has(number)) return number;
    return this.#programmes?.size === 1 && now.size === 1 ? [...this.#programmes.keys()][0] : undefined;
  }
}

/** Within which ffmpeg finds all streams: its `probesize`. */
const probedBytes = 5_000_000;

/** More are no recording: tables say other things when a broadcast goes over to another one. */
const maxStates = 200;
const maxChanges = 10_000;

function targetsOf(programmes: Programmes, moved: State['moved']): Uint16Array {
  const targets = ownIds.slice();
  for (const ids of moved.values()) for (const [from, to] of ids) targets[from] = to;
  for (const packetId of [0, ...programmes.values()]) targets[packetId] = isTable;
  return targets;
}

/** One reader's way through a transport stream. */
export class PacketIdReader {
  readonly #ids: PacketIds;
  readonly #start: number;
  #size: number | undefined;
  #state: State;
  /** Of the first byte that was not given back yet. */
  #at: number;
  /** Less than a packet, or what no packet begins in. */
  #rest: Buffer = Buffer.alloc(0);
  #isAligned = false;
  readonly #tables = new Map<number, TableReader>();

  constructor(ids: PacketIds, start: number, size: number | undefined) {
    this.#ids = ids;
    this.#start = start;
    this.#at = start;
    this.#size = size;
    this.#state = ids.stateAt(start);
  }

  /** @returns the same bytes with other packet ids, less those that are held back until the packet is whole. @throws RefusedError */
  push(bytes: Buffer): Buffer[] {
    if (this.#size === undefined) {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      const enough = Math.max(...packetSizes) * (sniffedPackets + 1);
      return this.#rest.length < enough ? [] : this.#sniffed();
    }
    if (this.#size === 0) return [bytes];
    if (this.#rest.length === 0) return this.#pass(bytes);
    if (!this.#isAligned || this.#rest.length + bytes.length < this.#size)
      return this.#pass(Buffer.concat([this.#takeRest(), bytes]));
    const missing = this.#size - this.#rest.length;
    const packet = Buffer.concat([this.#takeRest(), bytes.subarray(0, missing)]);
    return [...this.#pass(packet), ...this.push(bytes.subarray(missing))];
  }

  /** What was held back. */
  end(): Buffer[] {
    const sniffed = this.#size === undefined ? this.#sniffed() : [];
    return [...sniffed, this.#takeRest()];
  }

  #sniffed(): Buffer[] {
    this.#size = this.#ids.sniff(this.#rest);
    return this.push(this.#takeRest());
  }

  #takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }

  #pass(given: Buffer): Buffer[] {
    const size = this.#size ?? 0;
    let bytes = given;
    let at = 0;
    for (; at + size <= bytes.length; at += size) {
      if (!this.#isAligned || bytes[at] !== syncByte) {
        const found = findSync(bytes, at, size, 3);
        this.#isAligned = found < bytes.length;
        // What lies before it is damage; the last of it may be the start of a packet.
        at = this.#isAligned ? found : Math.max(at, bytes.length - 3 * size);
        if (!this.#isAligned || at + size > bytes.length) break;
      }
      const id = bytes.readUInt16BE(at + 1) & 0x1fff;
      let target = this.#state.targets[id] ?? id;
      if (target === isTable)
        target = this.#readTable(id, bytes.subarray(at, at + size), this.#at + at + size);
      if (target === id) continue;
      if (bytes === given) bytes = Buffer.from(given);
      bytes.writeUInt16BE((bytes.readUInt16BE(at + 1) & 0xe000) | target, at + 1);
    }
    this.#at += at;
    // A copy, as the memory of what was given is used for other bytes.
    this.#rest = Buffer.from(bytes.subarray(at));
    this.#ids.read(this.#start, this.#at);
    return at === 0 ? [] : [bytes.subarray(0, at)];
  }

  /** @returns the packet id under which ffmpeg gets it */
  #readTable(id: number, packet: Buffer, endByte: number): number {
    const table = this.#tables.get(id) ?? new TableReader();
    this.#tables.set(id, table);
    const section = table.push(packet);
    if (section !== undefined) {
      const { state, isHidden } =
        id === 0
          ? this.#ids.ofProgrammes(section, this.#state)
          : this.#ids.ofProgramme(section, this.#state, { isFromStart: this.#start === 0, at: endByte });
      table.isHidden = isHidden;
      // What the others say holds for these programmes only.
      if (id === 0) for (const other of this.#tables.values()) if (other !== table) other.forget();
      if (state !== this.#state) this.#ids.note(endByte, state);
      this.#state = state;
    }
    return table.isHidden ? nullPacketId : id;
  }
}

/** Puts a table together, which may lie in several packets. */
class TableReader {
  /** Whether ffmpeg must not see it. */
  isHidden = false;
  #last: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];

  forget(): void {
    this.#last = Buffer.alloc(0);
  }

  /** @returns the table, where it is whole and another one than the last */
  push(packet: Buffer): Buffer | undefined {
    const control = packet[3] ?? 0;
    if (!(control & 0x10)) return undefined;
    const payload = packet.subarray(control & 0x20 ? 5 + (packet[4] ?? 0) : 4, 188);
    if ((packet[1] ?? 0) & 0x40) this.#parts = [payload.subarray(1 + (payload[0] ?? 0))];
    else if (this.#parts.length > 0) this.#parts.push(payload);
    const bytes = Buffer.concat(this.#parts);
    if (bytes.length < 3) return undefined;
    const length = 3 + (bytes.readUInt16BE(1) & 0x0fff);
    const known = bytes.subarray(0, length);
    if (known.equals(this.#last.subarray(0, known.length)) && this.#last.length === length) {
      if (bytes.length >= length) this.#parts = [];
      return undefined;
    }
    if (bytes.length < length) {
      // Another one than the last: what it says is known when it is whole.
      this.isHidden = this.#last.length > 0;
      return undefined;
    }
    this.#parts = [];
    // What is announced for later is not valid yet (ISO/IEC 13818-1, 2.4.4.5).
    if (length < 12 || !((bytes[5] ?? 0) & 1)) return undefined;
    this.#last = Buffer.from(known);
    return this.#last;
  }
}

/** Where so many packets stand behind each other; the length where they do nowhere. */
function findSync(bytes: Buffer, from: number, size: number, packets: number): number {
  for (let at = bytes.indexOf(syncByte, from); at >= 0; at = bytes.indexOf(syncByte, at + 1)) {
    const last = at + (packets - 1) * size;
    if (last >= bytes.length) break;
    let isPacket = true;
    for (let next = at + size; next <= last; next += size) isPacket &&= bytes[next] === syncByte;
    if (isPacket) return at;
  }
  return bytes.length;
}
