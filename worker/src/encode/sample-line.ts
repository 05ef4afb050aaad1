/** Timestamps are right to the sample but where ffmpeg makes its filters again: there some samples are missing, or twice. */
const maxOffSeconds = 0.002;

/** Lines that are not of packets are about the stream. */
const packetLine = /^0,\s*-?\d+,\s*(-?\d+),\s*\d+,\s*(\d+),/;

/**
 * Puts packets of samples in their places on a line of a given length: what is missing is silence, and what is too much is cut off.
 * Packets come as bytes, and what is known of them as lines of ffmpeg's `framecrc`; either may come first.
 */
export class SampleLine {
  readonly #frameBytes: number;
  readonly #maxOff: number;
  readonly #length: number;
  readonly #packets: { at: number; bytes: number }[] = [];
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Samples that were given out. */
  #written = 0;

  /** @param length samples of each channel; `frameBytes`: bytes of one sample of all channels */
  constructor(length: number, { frameBytes, sampleRate }: { frameBytes: number; sampleRate: number }) {
    this.#length = length;
    this.#frameBytes = frameBytes;
    this.#maxOff = maxOffSeconds * sampleRate;
  }

  addLine(line: string): void {
    const [, at, bytes] = packetLine.exec(line) ?? [];
    if (at !== undefined) this.#packets.push({ at: Number(at), bytes: Number(bytes) });
  }

  /** @returns what follows on the line */
  addBytes(bytes: Buffer): Buffer[] {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    const placed: Buffer[] = [];
    for (let next = this.#packets[0]; next && next.bytes <= this.#waitingBytes; next = this.#packets[0]) {
      this.#packets.shift();
      placed.push(...this.#place(next.at, this.#take(next.bytes)));
    }
    return placed;
  }

  /** @returns what was left to be placed when all has come */
  rest(): Buffer[] {
    return this.addBytes(Buffer.alloc(0));
  }

  /** @returns what is left of the line when all has come */
  end(): Buffer[] {
    return [...this.rest(), ...this.#silence(this.#length - this.#written)];
  }

  #place(at: number, bytes: Buffer): Buffer[] {
    const off = at - this.#written;
    const isOff = Math.abs(off) > this.#maxOff;
    const gap = isOff && off > 0 ? this.#silence(Math.min(off, this.#length - this.#written)) : [];
    const from = isOff && off < 0 ? -off * this.#frameBytes : 0;
    const fits = bytes.subarray(from, from + (this.#length - this.#written) * this.#frameBytes);
    this.#written += Math.floor(fits.length / this.#frameBytes);
    return fits.length === 0 ? gap : [...gap, fits];
  }

  #take(bytes: number): Buffer {
    const all = this.#waiting.length === 1 ? (this.#waiting[0] as Buffer) : Buffer.concat(this.#waiting);
    this.#waiting = [all.subarray(bytes)];
    this.#waitingBytes -= bytes;
    return all.subarray(0, bytes);
  }

  /** Of the same memory again and again, as silence may last for hours. */
  #silence(samples: number): Buffer[] {
    this.#written += Math.max(0, samples);
    const block = Buffer.alloc(Math.min(silentBlock, Math.max(0, samples)) * this.#frameBytes);
    const whole = Array.from({ length: Math.floor(samples / silentBlock) }, () => block);
    const rest = block.subarray(0, (samples % silentBlock) * this.#frameBytes);
    return rest.length === 0 ? whole : [...whole, rest];
  }
}

const silentBlock = 48_000;
