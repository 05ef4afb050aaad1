/**
 * Frees a buffer's memory now; nothing may use it any more. It lies outside of the heap, and V8 lets 32 MB of such memory gather
 * before it collects it: more than all blocks of a source take.
 * https://github.com/nodejs/node/blob/v24.x/deps/v8/src/heap/heap.cc (`AllocateExternalBackingStore`)
 */
export function freeBuffer({ buffer, byteLength }: Buffer): void {
  // A part of something larger is not ours alone.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
