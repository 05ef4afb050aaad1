import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { parseReplaced, type ReplacedFilm, replacedFolder } from '../../worker/src/publish/replaced.ts';
import { parseUnfinished, unfinishedFolder } from '../../worker/src/publish/unfinished.ts';
import type { Farm } from './farm.ts';

/** Films that were made again in another way and whose files wait to be removed, the oldest first. */
export async function listReplaced({
  address,
  output,
}: Pick<Farm, 'address' | 'output'>): Promise<ReplacedFilm[]> {
  const { outputBucket: Bucket, outputPrefix } = address;
  const Prefix = replacedFolder(outputPrefix);
  const films: ReplacedFilm[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: output }, { Bucket, Prefix })) {
    for (const { Key = '', LastModified } of Contents) {
      const film = parseReplaced(outputPrefix, { key: Key, lastModified: LastModified });
      if (film !== undefined) films.push(film);
    }
  }
  return films.sort((a, b) => a.replacedAt.getTime() - b.replacedAt.getTime());
}

/** Stopped films of which not all could be removed: the worker that publishes the next film goes on. */
export async function countUnfinished({
  address,
  output,
}: Pick<Farm, 'address' | 'output'>): Promise<number> {
  const { outputBucket: Bucket, outputPrefix } = address;
  const Prefix = unfinishedFolder(outputPrefix);
  let count = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client: output }, { Bucket, Prefix }))
    count += Contents.filter(({ Key = '' }) => parseUnfinished(outputPrefix, Key) !== undefined).length;
  return count;
}

/** @returns nothing where none waits */
export function unfinishedLines(count: number): string[] {
  if (count === 0) return [];
  return [
    `files of ${count} stopped ${count === 1 ? 'film' : 'films'} are left; the worker that makes the next film removes them`,
  ];
}

/** @returns nothing where none waits */
export function replacedLines(films: readonly ReplacedFilm[]): string[] {
  const [oldest] = films;
  if (oldest === undefined) return [];
  return [
    `${films.length} replaced ${films.length === 1 ? 'film waits' : 'films wait'} to be removed, the oldest (${oldest.jobId}) since ${oldest.replacedAt.toISOString()}`,
  ];
}
