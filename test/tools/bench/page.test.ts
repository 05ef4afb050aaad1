import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { benches } from '../../../tools/bench/benches.ts';
import { readRecorded } from '../../../tools/bench/lib/recorded.ts';
import { performancePage } from '../../../tools/docs/performance-page.ts';

const page = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');

it('docs/performance.md has what was recorded (if it differs: npm run docs)', () => {
  expect(page).toBe(performancePage(page));
});

it('docs/performance.md explains each measurement and its first goal', () => {
  for (const [name, { goal }] of Object.entries(benches)) {
    const row = page
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\` |`) && line.split('|').length === 5);
    expect(row, name).toBeDefined();
    expect(row?.split('|').at(-2)?.trim(), name).toMatch(new RegExp(`^${goal}\\b`));
  }
});

it('what was recorded is held against the goals that the measurements have now', () => {
  for (const [name, { goals }] of Object.entries(readRecorded()))
    expect(goals.find(({ what }) => what === `${name} ratio`)?.goal, name).toBe(benches[name]?.goal);
});
