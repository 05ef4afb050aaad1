import { expect, it } from 'vitest';
import { soloCrew } from '../../../worker/src/film/solo.ts';
import type { Part } from '../../../worker/src/plan/plan.ts';
import { manyParts, recordOf } from '../../helpers/crews.ts';
import { audioPart, videoParts } from '../../helpers/plans.ts';

const plan = manyParts();
const [first, second, third] = videoParts(plan) as [Part, Part, Part];

it('a worker alone makes what is missing, each part once and in order, and the playlists', async () => {
  const crew = soloCrew(plan, [recordOf(second)]);
  expect(await crew.next('video')).toBe(first);
  expect(await crew.next('video')).toBe(third);
  expect(await crew.next('audio')).toBe(audioPart(plan));
  expect(await crew.next('audio')).toBeUndefined();
  expect(await crew.takeAssembly()).toBe(true);
});

it('a worker alone sees its records in the order of the parts, and nobody else', async () => {
  const crew = soloCrew(plan, [recordOf(second)]);
  crew.recorded(recordOf(first));
  expect(await crew.look()).toEqual({ records: [recordOf(first), recordOf(second)], others: [] });
  expect(await crew.leave('retry')).toBe(false);
});

it('a worker alone begins nothing behind the film’s early end', async () => {
  const crew = soloCrew(plan, []);
  await crew.next('video');
  crew.recorded(recordOf(first, 1));
  expect(await crew.next('video')).toBeUndefined();
});
