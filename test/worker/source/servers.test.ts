import { expect, it } from 'vitest';
import { SourceServers } from '../../../worker/src/source/servers.ts';
import type { SourceObject } from '../../../worker/src/source/source.ts';
import { until } from '../../helpers/until.ts';

const info = { sizeBytes: 10 * 2 ** 20, etag: 'e' };

/** As many sources, and the ranges of them that were asked for. */
function sourcesOf(count: number) {
  const ranges: { start: number; end: number }[] = [];
  const object = {
    name: 'film.mp4',
    readRange: async (range: { start: number; end: number }) => {
      ranges.push(range);
      return new ReadableStream();
    },
  } as unknown as SourceObject;
  return { ranges, sources: Array.from({ length: count }, () => ({ object, info })) };
}

it('fetches the start of a film before ffprobe asks for it', async () => {
  const { ranges, sources } = sourcesOf(1);
  await using _servers = await SourceServers.open(sources, {});
  await until(() => ranges.length > 0, 'the start of the film');
  expect(ranges).toEqual([{ start: 0, end: 2 * 2 ** 20 - 1 }]);
});

it('fetches nothing of many clips before their readers ask', async () => {
  const { ranges, sources } = sourcesOf(20);
  await using _servers = await SourceServers.open(sources, {});
  expect(ranges).toEqual([]);
});
