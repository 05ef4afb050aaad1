import { buffer } from 'node:stream/consumers';
import type { ObjectInfo } from '../storage/store.ts';
import type { SourceObject } from './source.ts';

/** Reads so many of a source's first bytes, or all where it has fewer. */
export function headReader(
  object: SourceObject,
  info: ObjectInfo,
  signal?: AbortSignal,
): (bytes: number) => Promise<Buffer> {
  return async (bytes) =>
    buffer(await object.readRange({ start: 0, end: Math.min(bytes, info.sizeBytes) - 1 }, info, signal));
}
