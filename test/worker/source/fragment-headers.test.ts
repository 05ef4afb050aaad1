import { randomFillSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FragmentHeaders } from '../../../worker/src/source/fragment-headers.ts';
import { type SourceFarm, startSourceFarm } from '../../helpers/worker/source.ts';

function box(type: string, ...content: Buffer[]): Buffer {
  const size = Buffer.alloc(4);
  const body = Buffer.concat(content);
  size.writeUInt32BE(8 + body.length);
  return Buffer.concat([size, Buffer.from(type), body]);
}

const moof = () => box('moof', box('mfhd', Buffer.alloc(8)), box('traf', Buffer.alloc(600)));
const media = (bytes: number) => randomFillSync(Buffer.alloc(bytes));
const fragmentedHead = () => [
  box('ftyp', Buffer.alloc(16)),
  box('moov', box('mvhd', Buffer.alloc(100)), box('mvex')),
];
const fragmentBytes = 200_000;

/** 40 fragments of 0.2 MB. */
function fragmented(
  mdat = (_: number) => box('mdat', media(fragmentBytes)),
  head = fragmentedHead(),
): Buffer {
  return Buffer.concat([...head, ...Array.from({ length: 40 }, (_, n) => [moof(), mdat(n)]).flat()]);
}

/** An index of one entry that leads so far. */
function sidx(referenced: number): Buffer {
  const content = Buffer.alloc(36);
  content.writeUInt16BE(1, 22);
  content.writeUInt32BE(referenced, 24);
  return box('sidx', content);
}

async function find(file: Buffer, { maxBytes = 2 ** 20, minFragmentBytes = 1000 } = {}) {
  let read = 0;
  const headers = await FragmentHeaders.find(
    file.subarray(0, 2 ** 16),
    { sizeBytes: file.length, maxBytes, minFragmentBytes },
    async ({ start, end }) => {
      read += end + 1 - start;
      return file.subarray(start, end + 1);
    },
  );
  return { headers, read };
}

describe('the headers of a fragmented MP4', () => {
  it('are all found, and little of the media is read for them', async () => {
    const file = fragmented();
    const { headers, read } = await find(file);
    expect(headers?.count).toBe(40);
    const first = file.indexOf('moof') - 4;
    const last = file.lastIndexOf('moof') - 4;
    for (const at of [first, last])
      expect(headers?.from(at)).toEqual(file.subarray(at, at + moof().length + 8));
    expect(headers?.from(last + 10)?.length).toBe(moof().length - 2);
    expect(headers?.from(last + moof().length + 8)).toBeUndefined();
    // Eight walkers each look for their first fragment in a megabyte.
    expect(read).toBeLessThan(file.length);
  });

  it('are found where boxes of segments stand before the fragments, and sizes are long', async () => {
    const long = () => {
      const bytes = media(fragmentBytes + 16);
      bytes.writeUInt32BE(1);
      bytes.write('mdat', 4);
      bytes.writeBigUInt64BE(BigInt(bytes.length), 8);
      return bytes;
    };
    const segment = (n: number) =>
      Buffer.concat([long(), n < 39 ? box('styp', Buffer.alloc(12)) : Buffer.alloc(0)]);
    expect((await find(fragmented(segment))).headers?.count).toBeGreaterThanOrEqual(40);
  });

  it('are found behind media that looks like a fragment', async () => {
    const file = fragmented((n) =>
      box('mdat', media(fragmentBytes / 2), n % 5 === 0 ? moof() : Buffer.alloc(0), media(fragmentBytes / 2)),
    );
    const { headers } = await find(file);
    const at = (n: number) => {
      let found = -1;
      for (let seen = 0; seen <= n; seen += 1) found = file.indexOf('moof', found + 1);
      return found - 4;
    };
    // Of 48, 8 only look like fragments.
    for (let n = 0; n < 48; n += 1)
      if (n % 6 !== 1) expect(headers?.from(at(n))?.length, `fragment ${n}`).toBe(moof().length + 8);
  });

  it('are not looked for where an index leads to the end, and where there are none', async () => {
    const plain = fragmented();
    const indexed = fragmented(undefined, [...fragmentedHead(), sidx(plain.length)]);
    const cut = fragmented(undefined, [...fragmentedHead(), sidx(plain.length / 2)]);
    const whole = Buffer.concat([box('ftyp'), box('moov', box('mvhd')), box('mdat', media(1000))]);
    expect((await find(indexed)).headers).toBeUndefined();
    expect((await find(cut)).headers?.count).toBe(40);
    expect((await find(whole)).headers).toBeUndefined();
    expect((await find(media(100_000))).headers).toBeUndefined();
  });

  it('are given up where the fragments are so small that a reader goes on over them', async () => {
    const file = Buffer.concat([
      ...fragmentedHead(),
      ...Array.from({ length: 5000 }, () => [moof(), box('mdat', media(500))]).flat(),
    ]);
    const { headers } = await find(file, { minFragmentBytes: 2 ** 18 });
    expect(headers?.count).toBeLessThan(16 * 8 + 8);
  });

  it('end with a file that is cut off, and with the memory that they may take', async () => {
    const file = fragmented();
    expect((await find(file.subarray(0, file.length / 2))).headers?.count).toBe(20);
    const { headers } = await find(file, { maxBytes: 5000 });
    expect(headers?.count).toBeGreaterThan(0);
    expect(headers?.count).toBeLessThan(20);
  });
});

describe('a server of a fragmented MP4', () => {
  let farm: SourceFarm;
  beforeAll(async () => {
    farm = await startSourceFarm();
  });
  afterAll(() => farm[Symbol.asyncDispose]());

  it('gives each reader the bytes of the film, from a header on too', async () => {
    const file = fragmented();
    await farm.direct.put('fragments.mp4', file, { contentType: 'video/mp4', cacheControl: 'no-cache' });
    const source = farm.open('fragments.mp4');
    await using server = await farm.serve(source, await source.describe(), {
      blockBytes: 2 ** 16,
      memoryBytes: 2 ** 20,
    });
    for (let at = file.indexOf('moof') - 4; at > 0; at = file.indexOf('moof', at + 8) - 4) {
      for (const range of [`bytes=${at}-${at + 20}`, `bytes=${at + 4}-${at + 5000}`]) {
        const [start, end] = range.slice(6).split('-').map(Number) as [number, number];
        const answer = await fetch(server.url, { headers: { range } });
        expect(file.subarray(start, end + 1).equals(Buffer.from(await answer.arrayBuffer())), range).toBe(
          true,
        );
      }
    }
    const last = file.lastIndexOf('moof') - 4;
    const rest = await fetch(server.url, { headers: { range: `bytes=${last}-` } });
    expect(file.subarray(last).equals(Buffer.from(await rest.arrayBuffer()))).toBe(true);
  });
});
