import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { parseReplaced, type ReplacedFilm, replacedFolder } from '../../worker/src/publish/replaced.ts';
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

/** @returns nothing where none waits */
export function replacedLines(films: readonly ReplacedFilm[]): string[] {
  const [oldest] = films;
  if (oldest === undefined) return [];
  return [
    `${films.length} replaced ${films.length === 1 ? 'film waits' : 'films wait'} to be removed, the oldest (${oldest.jobId}) since ${oldest.replacedAt.toISOString()}`,
  ];
}
