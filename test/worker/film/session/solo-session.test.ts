import { afterEach, beforeEach, expect, it } from 'vitest';
import { SoloSession } from '../../../../worker/src/film/session/solo-session.ts';
import type { Part } from '../../../../worker/src/plan/plan.ts';
import { audioPart, videoParts } from '../../../helpers/media/plans.ts';
import { folder, manyParts, recordOf, viewOf } from '../../../helpers/worker/film-sessions.ts';
import { startStore, type TestStore } from '../../../helpers/worker/store.ts';

const plan = manyParts();
const [first, second, third] = videoParts(plan) as [Part, Part, Part];
const signal = new AbortController().signal;

let files: TestStore;
beforeEach(async () => {
  files = await startStore();
});
afterEach(() => files[Symbol.asyncDispose]());

const open = (recorded: number[] = []) =>
  new SoloSession({ plan, folder, output: files.store, view: viewOf({ recorded }) });

it('a worker alone makes what is missing, each part once and in order, and the playlists', async () => {
  await using session = open([second.index]);
  expect(await session.next('video')).toBe(first);
  expect(await session.next('video')).toBe(third);
  expect(await session.next('audio')).toBe(audioPart(plan));
  expect(await session.next('audio')).toBeUndefined();
  expect(await session.claimAssembly()).toBeDefined();
});

it('a worker alone begins no part after the film’s early end, and marks it for whoever goes on', async () => {
  await using session = open();
  await session.next('video');
  await session.record(first, recordOf(first, 1), signal);
  expect(await session.next('video')).toBeUndefined();
  expect(await files.keys()).toEqual([folder.earlyEnd(0), folder.record(0)]);
});

it('a worker alone writes no leases', async () => {
  await using session = open();
  await session.next('video');
  await session.record(first, recordOf(first), signal);
  expect(await files.keys()).toEqual([folder.record(0)]);
});
