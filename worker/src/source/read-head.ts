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

/** Reads bytes of a source from one up to another, which is not read. */
export function rangeReader(
  object: SourceObject,
  info: ObjectInfo,
  signal?: AbortSignal,
): (start: number, end: number) => Promise<Buffer> {
  return async (start, end) => buffer(await object.readRange({ start, end: end - 1 }, info, signal));
}
