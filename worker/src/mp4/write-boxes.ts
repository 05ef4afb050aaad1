/** A box (ISO/IEC 14496-12, 4.2). */
export function box(type: string, ...content: readonly Buffer[]): Buffer {
  const sizeBytes = content.reduce((sum, { length }) => sum + length, 8);
  return Buffer.concat([uint32s(sizeBytes), Buffer.from(type, 'latin1'), ...content], sizeBytes);
}

/** A box with a version and flags. */
export function fullBox(type: string, version: number, flags: number, ...content: readonly Buffer[]): Buffer {
  return box(type, uint32s(version * 2 ** 24 + flags), ...content);
}

export function uint32s(...values: readonly number[]): Buffer {
  return uint32Table(values);
}

export function uint32Table(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

export function uint64Table(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64BE(BigInt(value), 8 * index);
  return bytes;
}

/** 32-bit numbers as a table has them, in memory that grows with it. */
export class Words {
  #bytes = Buffer.alloc(4096);
  #length = 0;

  get count(): number {
    return this.#length / 4;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  push(value: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = Buffer.alloc(2 * this.#length);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
  }
}
