/** Random numbers from 0 to 1 that a seed repeats: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Mutant {
  /** What was done, for people. */
  how: string;
  extension: string;
  file: Buffer;
}

/** Damages a film as the seed has it. The same seed gives the same mutant of the same films. */
export function mutate(films: ReadonlyMap<string, Buffer>, seed: number): Mutant {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const [extension, film] = pick([...films]);
  const file = Buffer.from(film);

  const ways: (() => Mutant)[] = [
    () => {
      const flips = 1 + below(200);
      for (let n = 0; n < flips; n++) {
        const at = below(file.length);
        file.writeUInt8(file.readUInt8(at) ^ (1 << below(8)), at);
      }
      return { how: `${flips} bits flipped`, extension, file };
    },
    () => {
      // Headers are a small part of a film, and the more delicate one.
      const flips = 1 + below(10);
      for (let n = 0; n < flips; n++) file.writeUInt8(below(256), below(Math.min(1500, file.length)));
      return { how: `${flips} bytes at the start replaced`, extension, file };
    },
    () => {
      const length = below(file.length);
      return { how: `cut to ${length} of ${file.length} bytes`, extension, file: file.subarray(0, length) };
    },
    () => {
      const from = below(file.length);
      const length = below(Math.min(5000, file.length - from));
      const rest = Buffer.concat([file.subarray(0, from), file.subarray(from + length)]);
      return { how: `${length} bytes taken out at ${from}`, extension, file: rest };
    },
    () => {
      const from = below(file.length);
      const again = Buffer.concat([file.subarray(0, from), file.subarray(below(from + 1))]);
      return { how: `a piece twice before ${from}`, extension, file: again };
    },
    () => ({ how: 'another extension', extension: pick([...films.keys(), 'exe', 'm3u8', 'jpg']), file }),
    () => {
      const names = [
        'moov',
        'trak',
        'stsz',
        'stco',
        'stts',
        'stsd',
        'ctts',
        'mdhd',
        'tkhd',
        'elst',
        'hdlr',
        'mdat',
      ];
      const name = pick(names);
      const at = file.indexOf(name, 4, 'latin1') - 4;
      const size = pick([0, 1, 7, 8, below(0xffff), 0x7fffffff, 0xffffffff]);
      if (at < 0) file.writeUInt32BE(size, below(file.length - 4));
      else file.writeUInt32BE(size, at + pick([0, 0, 12, 16]));
      return { how: `${name} of size ${size}`, extension, file };
    },
  ];
  return pick(ways)();
}
