import type { Fragment } from './fragment.ts';
import { fullBox, uint32s, uint32Table, uint64Table, Words } from './write-boxes.ts';

const maxUint32 = 2 ** 32 - 1;

/**
 * What the index of an MP4 says of one track: when each of its samples is decoded and shown, how large it is, and where it lies
 * (ISO/IEC 14496-12, 8.6 and 8.7). Grows as samples come, in about 16 bytes for each.
 */
export class SampleTable {
  readonly #durations = new Runs();
  readonly #offsets = new Runs();
  readonly #sizes = new Words();
  readonly #syncs = new Words();
  /** Where each chunk begins, from the start of the media, and how many samples it has. */
  readonly #chunkStarts: number[] = [];
  readonly #chunkSamples: number[] = [];
  #firstDecodeTicks: number | undefined;
  /** Where the next sample is decoded, as the table says it, from the first. */
  #endTicks = 0;
  #minOffset = Number.POSITIVE_INFINITY;
  /** When the first frame of all is shown, and when the last one has been, from the first's decoding. */
  #shownFrom = Number.POSITIVE_INFINITY;
  #shownUntil = 0;

  /** The samples of a track in their order. */
  add({ decodeTicks, samples }: Fragment): void {
    this.#firstDecodeTicks ??= decodeTicks;
    this.#moveEnd(decodeTicks - this.#firstDecodeTicks);
    for (const { durationTicks, sizeBytes, offsetTicks, isSync } of samples) {
      this.#sizes.push(sizeBytes);
      if (isSync) this.#syncs.push(this.#sizes.count);
      this.#durations.push(durationTicks);
      this.#offsets.push(offsetTicks);
      const shown = this.#endTicks + offsetTicks;
      this.#minOffset = Math.min(this.#minOffset, offsetTicks);
      this.#shownFrom = Math.min(this.#shownFrom, shown);
      this.#shownUntil = Math.max(this.#shownUntil, shown + durationTicks);
      this.#endTicks += durationTicks;
    }
  }

  /** So many of the samples lie together. */
  addChunk(startByte: number, samples: number): void {
    this.#chunkStarts.push(startByte);
    this.#chunkSamples.push(samples);
  }

  get count(): number {
    return this.#sizes.count;
  }

  /** Of all samples. */
  get durationTicks(): number {
    return this.#endTicks;
  }

  /** What is shown of the track, in its own time, and when that begins in the film. */
  get shown(): { fromTicks: number; durationTicks: number; filmTicks: number } {
    return {
      fromTicks: this.#shownFrom + this.#shift,
      durationTicks: this.#shownUntil - this.#shownFrom,
      filmTicks: (this.#firstDecodeTicks ?? 0) + this.#shownFrom,
    };
  }

  /** @param mediaStart where the media begins in the file */
  boxes(mediaStart: number): Buffer[] {
    return [
      this.#durations.box('stts', 0),
      ...(this.#offsets.isZero ? [] : [this.#offsets.box('ctts', this.#shift)]),
      ...(this.#syncs.count === this.#sizes.count
        ? []
        : [fullBox('stss', 0, 0, uint32s(this.#syncs.count), this.#syncs.bytes)]),
      this.#chunkSizes(),
      fullBox('stsz', 0, 0, uint32s(0, this.#sizes.count), this.#sizes.bytes),
      this.#chunkOffsets(mediaStart),
    ];
  }

  /** Players of files know composition offsets of zero or more alone: the edit list takes back what is added to them. */
  get #shift(): number {
    return Math.max(0, -this.#minOffset);
  }

  /** A fragment says when it begins: the sample before it lasts until then, as far as a sample can. */
  #moveEnd(ticks: number): void {
    if (this.#sizes.count === 0 || ticks === this.#endTicks) return;
    const before = this.#durations.pop();
    const lastTicks = Math.max(1, before + ticks - this.#endTicks);
    this.#durations.push(lastTicks);
    this.#endTicks += lastTicks - before;
  }

  #chunkSizes(): Buffer {
    const table = new Words();
    for (const [index, samples] of this.#chunkSamples.entries())
      if (samples !== this.#chunkSamples[index - 1])
        for (const value of [index + 1, samples, 1]) table.push(value);
    return fullBox('stsc', 0, 0, uint32s(table.count / 3), table.bytes);
  }

  #chunkOffsets(mediaStart: number): Buffer {
    const starts = this.#chunkStarts.map((start) => mediaStart + start);
    const count = uint32s(starts.length);
    return (starts.at(-1) ?? 0) > maxUint32
      ? fullBox('co64', 0, 0, count, uint64Table(starts))
      : fullBox('stco', 0, 0, count, uint32Table(starts));
  }
}

/** A value for each sample, as tables have them: how many in a row are equal. */
class Runs {
  readonly #counts: number[] = [];
  readonly #values: number[] = [];

  get isZero(): boolean {
    return this.#values.every((value) => value === 0);
  }

  push(value: number): void {
    const last = this.#values.length - 1;
    if (this.#values[last] === value) {
      this.#counts[last] = (this.#counts[last] ?? 0) + 1;
      return;
    }
    this.#counts.push(1);
    this.#values.push(value);
  }

  /** @returns the last value, which is no longer in the table */
  pop(): number {
    const last = this.#values.length - 1;
    const value = this.#values[last] ?? 0;
    const count = this.#counts[last] ?? 0;
    this.#counts[last] = count - 1;
    if (count > 1) return value;
    this.#counts.pop();
    this.#values.pop();
    return value;
  }

  /** @param added to each value */
  box(type: string, added: number): Buffer {
    const table = this.#values.flatMap((value, index) => [this.#counts[index] ?? 0, value + added]);
    return fullBox(type, 0, 0, uint32s(this.#values.length), uint32Table(table));
  }
}
