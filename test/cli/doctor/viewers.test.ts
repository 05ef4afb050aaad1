import { expect, it } from 'vitest';
import { checkViewers } from '../../../cli/doctor/viewers.ts';

const asked: string[] = [];
const answer = (status: number) =>
  ((url: string) => {
    asked.push(url);
    return Promise.resolve(new Response(null, { status }));
  }) as unknown as typeof fetch;

it('is content when the public address refuses JSON', async () => {
  const found = await checkViewers('https://video.example.com', 'films/', answer(403));
  expect(found).toMatchObject({ name: 'viewers', state: 'ok' });
  expect(asked).toEqual(['https://video.example.com/films/farm-doctor/status.json']);
});

it('warns when viewers can read status.json, and says which rule is missing', async () => {
  const found = await checkViewers('https://video.example.com', '', answer(404));
  expect(found).toMatchObject({ state: 'warning', fix: expect.stringContaining('".json"') });
});

it('does not ask where the output is private', async () => {
  expect(await checkViewers('', '', answer(200))).toMatchObject({ state: 'not asked' });
});

it('reports an address that does not answer', async () => {
  const unreachable = (() => Promise.reject(new TypeError('fetch failed'))) as typeof fetch;
  expect(await checkViewers('https://video.example.com', '', unreachable)).toMatchObject({
    state: 'failed',
    why: 'fetch failed',
  });
});
