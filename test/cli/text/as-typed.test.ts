import { expect, it } from 'vitest';
import { asTyped } from '../../../cli/text/as-typed.ts';

const byNpx = (text: string) => asTyped(text, { npm_lifecycle_event: 'npx' });

it.each([
  ['Next:\n  farm open JOB-1', 'Next:\n  npx farm open JOB-1'],
  ['No job named "x". "farm jobs" lists the jobs.', 'No job named "x". "npx farm jobs" lists the jobs.'],
  ['Follow it: farm status x', 'Follow it: npx farm status x'],
  ['Usage: farm COMMAND [options]', 'Usage: npx farm COMMAND [options]'],
  ['source <(farm completion bash)', 'source <(npx farm completion bash)'],
  ['farm portal-password', 'npx farm portal-password'],
])('has %j typed with npx where npx started the command', (text, typed) => {
  expect(byNpx(text)).toBe(typed);
  expect(asTyped(text, { npm_lifecycle_event: 'demo' })).toBe(typed);
  expect(asTyped(text, {})).toBe(text);
});

it.each([
  'fix: npx farm init films',
  'This farm has no pages.',
  'Does this farm open files?',
  '  farm jobs-2026',
])('leaves %j as it is', (text) => {
  expect(byNpx(text)).toBe(text);
});
