import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBox, readBoxes } from '../../../worker/src/mp4/boxes.ts';

function box(type: string, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

const typeOf = fc.stringMatching(/^[a-z0-9]{4}$/);
const leaf = fc.tuple(typeOf, fc.uint8Array({ maxLength: 40 }));

describe('readBoxes', () => {
  it('finds every box and its content', () => {
    fc.assert(
      fc.property(fc.array(leaf, { maxLength: 8 }), (leaves) => {
        const data = Buffer.concat(leaves.map(([type, content]) => box(type, Buffer.from(content))));
        const seen = readBoxes(data).map(({ type, body, end }) => [
          type,
          Uint8Array.from(data.subarray(body, end)),
        ]);
        expect(seen).toEqual(leaves.map(([type, content]) => [type, Uint8Array.from(content)]));
      }),
    );
  });

  it('refuses data that is cut off inside a box, wherever that is', () => {
    const data = box('moof', box('mfhd', Buffer.alloc(8)), box('traf', Buffer.alloc(20)));
    for (let length = 1; length < data.length; length++)
      expect(() => readBoxes(data.subarray(0, length)), `${length} bytes`).toThrow('cut off');
  });

  it('reads sizes of 64 bits, and a last box that goes on to the end', () => {
    const large = Buffer.alloc(16 + 5);
    large.writeUInt32BE(1);
    large.write('mdat', 4);
    large.writeBigUInt64BE(21n, 8);
    const open = Buffer.from([0, 0, 0, 0, ...Buffer.from('free'), 1, 2, 3]);
    expect(readBoxes(Buffer.concat([large, open]))).toEqual([
      { type: 'mdat', start: 0, body: 16, end: 21 },
      { type: 'free', start: 21, body: 29, end: 32 },
    ]);
  });

  it('refuses a size smaller than the head of a box instead of reading for ever', () => {
    const data = box('free');
    data.writeUInt32BE(4);
    expect(() => readBoxes(data)).toThrow('box "free" is cut off');
  });
});

describe('findBox', () => {
  const data = box('moov', box('mvhd', Buffer.alloc(4)), box('trak', box('mdia', Buffer.from('found'))));

  it('follows a path of types', () => {
    const { body, end } = findBox(data, ['moov', 'trak', 'mdia']);
    expect(data.toString('latin1', body, end)).toBe('found');
  });

  it('names the box that is missing', () => {
    expect(() => findBox(data, ['moov', 'mvex', 'trex'])).toThrow('box "mvex" is missing');
  });
});
