import { expect, it } from 'vitest';
import { linesNotPrinted } from '../../scripts/checks/scaling-page.ts';

it('finds each line of a page that the bench does not print, commands left out', () => {
  const page = [
    '```sh\nnpm run bench -- scaling\n```',
    'text',
    '```\nseconds 4, goal 5: reached\nother 7\n```',
  ].join('\n\n');
  expect(linesNotPrinted(page, '  seconds 4, goal 5: reached\n')).toEqual(['other 7']);
  expect(linesNotPrinted(page, 'other 7\nseconds 4, goal 5: reached')).toEqual([]);
});
