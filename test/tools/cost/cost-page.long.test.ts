import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { costPage } from '../../../tools/docs/cost-page.ts';

it('docs/cost.md is what the program, the tables and the simulation come to (if it differs: npm run docs)', {
  timeout: 240_000,
}, async () => {
  const page = readFileSync(new URL('../../../docs/cost.md', import.meta.url), 'utf8');
  expect(page).toBe(await costPage());
});
