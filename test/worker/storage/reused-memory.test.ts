import { describe, expect, it } from 'vitest';
import { ReusedMemory } from '../../../worker/src/storage/reused-memory.ts';

/** What `use` was given; the same memory has the same ArrayBuffer. */
function once(memory: ReusedMemory, bytes: number): Promise<Buffer> {
  return memory.use(bytes, async (given) => given);
}

describe('ReusedMemory', () => {
  it('gives memory that was used before, as much of it as is asked for', async () => {
    const memory = new ReusedMemory();
    const first = await once(memory, 1000);
    const second = await once(memory, 900);
    expect(second.buffer).toBe(first.buffer);
    expect(second.length).toBe(900);
  });

  it('takes the smallest that is large enough, so that large memory is there for large files', async () => {
    const memory = new ReusedMemory();
    const [large, small] = await Promise.all([once(memory, 5000), once(memory, 1000)]);
    expect((await once(memory, 800)).buffer).toBe(small.buffer);
    expect((await once(memory, 1001)).buffer).toBe(large.buffer);
    expect((await once(memory, 5001)).buffer).not.toBe(large.buffer);
  });

  it('never gives to two at once', async () => {
    const memory = new ReusedMemory();
    await once(memory, 100);
    const held = new Set<ArrayBufferLike>();
    await Promise.all(
      Array.from({ length: 20 }, () =>
        memory.use(100, async (given) => {
          expect(held.has(given.buffer)).toBe(false);
          held.add(given.buffer);
          await new Promise((resolve) => setTimeout(resolve, 5));
          held.delete(given.buffer);
        }),
      ),
    );
  });

  it('gives up memory that a failed upload may still be sent from', async () => {
    const memory = new ReusedMemory();
    let failed: ArrayBufferLike | undefined;
    const use = memory.use(100, async (given) => {
      failed = given.buffer;
      throw new Error('cut');
    });
    await expect(use).rejects.toThrow('cut');
    expect((await once(memory, 100)).buffer).not.toBe(failed);
  });

  it('keeps six pieces, the largest', async () => {
    const memory = new ReusedMemory();
    const used = await Promise.all(Array.from({ length: 10 }, (_, index) => once(memory, 100 * (index + 1))));
    const again = await Promise.all(used.map(() => once(memory, 1)));
    const known = used.map(({ buffer }) => buffer);
    expect(
      again.filter(({ buffer }) => known.includes(buffer)).map(({ buffer }) => buffer.byteLength),
    ).toEqual([500, 600, 700, 800, 900, 1000]);
  });
});
