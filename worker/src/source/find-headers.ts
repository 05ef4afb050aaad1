import type { BlockCache, FetchBlock } from './blocks.ts';
import { FragmentHeaders } from './fragment-headers.ts';

/** Reads the headers of a fragmented MP4; undefined where the film is none, or where ffmpeg does not look for them. */
export async function findHeaders(
  cache: BlockCache,
  fetch: FetchBlock,
  {
    signal,
    ...limits
  }: { sizeBytes: number; maxBytes: number; minFragmentBytes: number; signal: AbortSignal },
): Promise<FragmentHeaders | undefined> {
  const head = await firstBlock(cache, signal);
  return FragmentHeaders.find(head, limits, async (range) => {
    const bytes = Buffer.alloc(range.end - range.start + 1);
    let filled = 0;
    const keep = (chunk: Buffer) => {
      filled += chunk.copy(bytes, filled);
    };
    await fetch(range, keep, signal);
    return bytes;
  });
}

async function firstBlock(cache: BlockCache, signal: AbortSignal): Promise<Buffer> {
  const block = await cache.acquire(0, signal);
  try {
    await block.reaches(block.length - 1);
    return Buffer.from(block.bytes.subarray(0, block.length));
  } finally {
    cache.release(block);
  }
}
