import { expect, it } from 'vitest';
import { readPlanFile, writePlanFile } from '../../../worker/src/protocol/plan-file.ts';
import { folder, manyParts } from '../../helpers/worker/film-sessions.ts';
import { startStore } from '../../helpers/worker/store.ts';

const signal = new AbortController().signal;

it('a plan is read as it was written', async () => {
  await using files = await startStore();
  const content = { request: { hash: 'h', forcedBy: 'r' }, plan: manyParts() };
  await writePlanFile(files.store, folder, content, signal);
  expect(await files.keys()).toEqual([folder.planFile]);
  expect(await readPlanFile(files.store, folder, signal)).toEqual({ version: 1, ...content });
});

it('a plan that lacks what workers share is none', async () => {
  await using files = await startStore();
  const { parts, ...rest } = manyParts();
  const text = JSON.stringify({ version: 1, request: { hash: 'h' }, plan: rest });
  await files.store.put(folder.planFile, text, { contentType: 'application/json', cacheControl: 'no-cache' });
  expect(await readPlanFile(files.store, folder, signal)).toBeUndefined();
});

it('a plan that is not there, or that another version wrote, is none', async () => {
  await using files = await startStore();
  expect(await readPlanFile(files.store, folder, signal)).toBeUndefined();
  const later = JSON.stringify({ version: 2, request: { hash: 'h' }, plan: manyParts() });
  const headers = { contentType: 'application/json', cacheControl: 'no-cache' };
  await files.store.put(folder.planFile, later, headers);
  expect(await readPlanFile(files.store, folder, signal)).toBeUndefined();
});
