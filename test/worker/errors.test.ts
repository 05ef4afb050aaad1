import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type FailureCode, refusalCodes } from '../../worker/src/errors.ts';

it('docs/jobs.md explains every code with which a job fails, and no other', () => {
  const page = readFileSync(new URL('../../docs/jobs.md', import.meta.url), 'utf8');
  const table = page.split('### Why a job fails')[1]?.split('\n\n')[1] ?? '';
  const cells = table.split('\n').flatMap((row) => row.split('|')[1] ?? []);
  const explained = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code));
  const codes: FailureCode[] = [...refusalCodes, 'trouble', 'workers-lost', 'cancelled'];
  expect(explained.toSorted()).toEqual(codes.toSorted());
});
