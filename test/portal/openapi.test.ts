import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalPortal } from '../../portal/src/local.ts';
import { startLocalFarm, type TestFarm } from '../helpers/local-farm/local-farm.ts';
import { startPortal } from '../helpers/portal/portal.ts';

let farm: TestFarm;
let portal: LocalPortal;
let document: { paths: Record<string, Record<string, { operationId: string; requestBody?: object }>> };

beforeAll(async () => {
  farm = await startLocalFarm();
  portal = await startPortal(farm);
  document = (await (await fetch(`${portal.origin}/openapi.json`)).json()) as typeof document;
}, 60_000);

afterAll(async () => {
  await portal?.close();
  await farm?.stop();
});

it('gives every operation another name', () => {
  const names = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(names).toEqual(
    expect.arrayContaining(['createUpload', 'listJobs', 'getFilmFile', 'shareFilm', 'getFarm']),
  );
  expect(new Set(names).size).toBe(names.length);
});

it('refers to no schema that is not in it', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#([^"]+)"/g)].map(([, path = '']) => path);
  expect(references.length).toBeGreaterThan(20);
  const find = (path: string) =>
    path
      .slice(1)
      .split('/')
      .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);
  expect(references.filter((path) => find(path) === undefined)).toEqual([]);
});

it('lets a body be left out where nothing in it is needed', () => {
  expect(document.paths['/api/jobs/{id}/share']?.post?.requestBody).toMatchObject({ required: false });
  expect(document.paths['/api/uploads']?.post?.requestBody).toMatchObject({ required: true });
});

it.each(['TRACE', 'PUT', 'PATCH'])('answers %s with what is allowed', async (method) => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(`${portal.origin}/api/jobs`, { method }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(405);
});
