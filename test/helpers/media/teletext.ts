import type { Said } from './subtitle-files.ts';

/** The PID of the teletext stream that `withTeletext` adds. */
const teletextPid = 0x150;
const packetBytes = 188;
/**
 * ffmpeg shows a page 41 ms after the clock reference before it, whatever its own time is (`mpegts.c`, "Teletext packets do not always
 * have correct timestamps"); clock references come with each frame.
 */
const arrivalMs = 60;

/**
 * Adds a stream of teletext subtitles (EN 300 706, in MPEG-TS as EN 300 472 says) to a transport stream of ffmpeg's: page 888, a
 * page for each cue and an empty one at its end.
 * @param startSeconds the stream's time at which the film begins
 */
export function withTeletext(stream: Buffer, cues: readonly Said[], startSeconds: number): Buffer {
  const events = cues
    .flatMap(({ startMs, endMs, text }) => [
      { ms: startMs, text },
      { ms: endMs, text: '' },
    ])
    .sort((a, b) => a.ms - b.ms);
  const pmtPid = pmtOf(stream);
  const out: Buffer[] = [];
  let counter = 0;
  let clockMs = Number.NEGATIVE_INFINITY;
  for (let at = 0; at + packetBytes <= stream.length; at += packetBytes) {
    const packet = stream.subarray(at, at + packetBytes);
    const pid = packet.readUInt16BE(1) & 0x1fff;
    out.push(pid === pmtPid ? withStream(packet) : packet);
    clockMs = pcrMs(packet) ?? clockMs;
    while (events[0] && startSeconds * 1000 + events[0].ms - arrivalMs < clockMs) send(events.shift());
  }
  while (events.length > 0) send(events.shift());
  return Buffer.concat(out);

  function send(event: (typeof events)[number] | undefined): void {
    if (!event) return;
    const pes = pesOf(page(event.text), Math.round(startSeconds * 90_000 + event.ms * 90));
    for (let from = 0; from < pes.length; from += packetBytes - 4) {
      const head = Buffer.from([
        0x47,
        (from === 0 ? 0x40 : 0) | (teletextPid >> 8),
        teletextPid & 255,
        0x10 | counter,
      ]);
      counter = (counter + 1) & 15;
      // A PES packet of teletext fills its transport packets.
      out.push(Buffer.concat([head, pes.subarray(from, from + packetBytes - 4)]));
    }
  }
}

function pmtOf(stream: Buffer): number {
  for (let at = 0; at < stream.length; at += packetBytes) {
    const pat = stream.subarray(at, at + packetBytes);
    if ((pat.readUInt16BE(1) & 0x1fff) === 0) return pat.readUInt16BE(4 + 1 + 8 + 2) & 0x1fff;
  }
  throw new Error('The transport stream has no PAT.');
}

/** The PMT with the teletext stream at its end. */
function withStream(packet: Buffer): Buffer {
  const section = packet.subarray(5);
  const length = section.readUInt16BE(1) & 0x0fff;
  const descriptor = [0x56, 5, ...Buffer.from('deu'), (2 << 3) | (8 & 7), 0x88];
  const entry = Buffer.from([
    6,
    0xe0 | (teletextPid >> 8),
    teletextPid & 255,
    0xf0,
    descriptor.length,
    ...descriptor,
  ]);
  const body = Buffer.concat([section.subarray(0, 3 + length - 4), entry]);
  body.writeUInt16BE(0xb000 | (body.length - 3 + 4), 1);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(body));
  const filled = Buffer.concat([packet.subarray(0, 5), body, crc]);
  return Buffer.concat([filled, Buffer.alloc(packetBytes - filled.length, 0xff)]);
}

function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
  }
  return crc >>> 0;
}

function pcrMs(packet: Buffer): number | undefined {
  const hasField = (packet[3] ?? 0) & 0x20;
  if (!hasField || (packet[4] ?? 0) < 7 || !((packet[5] ?? 0) & 0x10)) return undefined;
  return (packet.readUInt32BE(6) * 2) / 90;
}

/** @param units of 46 bytes, three of which and the header fill one transport packet, and four each of the following */
function pesOf(units: Buffer[], pts: number): Buffer {
  const stamp = Buffer.from([
    0x21 | (Math.floor(pts / 2 ** 30) << 1),
    (pts >>> 22) & 255,
    0x01 | (((pts >>> 15) & 127) << 1),
    (pts >>> 7) & 255,
    0x01 | ((pts & 127) << 1),
  ]);
  while (units.length % 4 !== 3)
    units.push(Buffer.concat([Buffer.from([0xff, 0x2c]), Buffer.alloc(44, 0xff)]));
  const payload = Buffer.concat([Buffer.from([0x10]), ...units]);
  const header = Buffer.concat([Buffer.from([0x84, 0x80, 0x24]), stamp, Buffer.alloc(0x24 - 5, 0xff)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(header.length + payload.length);
  return Buffer.concat([Buffer.from([0, 0, 1, 0xbd]), length, header, payload]);
}

/** Page 888 with a text in boxes, and the header of another page that ends it. */
function page(text: string): Buffer[] {
  const rows = text === '' ? [] : text.split('\n');
  return [
    unit(0, pageHeader(8, 8)),
    ...rows.map((row, n) => unit(20 + 2 * n, [0x0b, 0x0b, ...Buffer.from(row), 0x0a, 0x0a].map(withParity))),
    unit(0, pageHeader(15, 15)),
  ];
}

/** Units and tens of the page, the control bits "erase page", "subtitle" and "suppress header", serial transmission. */
function pageHeader(units: number, tens: number): number[] {
  const erase = 8;
  const subtitle = 8;
  const suppressHeader = 1;
  return [units, tens, 0, erase, 0, subtitle, suppressHeader, 1]
    .map(hamming)
    .concat(Array<number>(32).fill(withParity(0x20)));
}

function unit(row: number, data: number[]): Buffer {
  // Magazine 8 is written 0.
  const address = [hamming((row & 1) << 3), hamming(row >> 1)];
  const padded = [...data, ...Array<number>(40).fill(withParity(0x20))].slice(0, 40);
  return Buffer.from([0x03, 0x2c, 0xe7, 0xe4, ...[...address, ...padded].map(reversed)]);
}

/** Hamming 8/4: EN 300 706, 8.2. */
function hamming(value: number): number {
  const [d1, d2, d3, d4] = [value & 1, (value >> 1) & 1, (value >> 2) & 1, (value >> 3) & 1] as [
    number,
    number,
    number,
    number,
  ];
  const p1 = 1 ^ d1 ^ d3 ^ d4;
  const p2 = 1 ^ d1 ^ d2 ^ d4;
  const p3 = 1 ^ d1 ^ d2 ^ d3;
  const p4 = 1 ^ p1 ^ d1 ^ p2 ^ d2 ^ p3 ^ d3 ^ d4;
  return p1 | (d1 << 1) | (p2 << 2) | (d2 << 3) | (p3 << 4) | (d3 << 5) | (p4 << 6) | (d4 << 7);
}

/** Odd parity in the highest bit. */
function withParity(code: number): number {
  let ones = 0;
  for (let bits = code & 127; bits > 0; bits >>= 1) ones += bits & 1;
  return (code & 127) | (ones % 2 === 0 ? 128 : 0);
}

/** Bits go in the order in which they are sent. */
function reversed(byte: number): number {
  let out = 0;
  for (let bit = 0; bit < 8; bit += 1) if (byte & (1 << bit)) out |= 128 >> bit;
  return out;
}
