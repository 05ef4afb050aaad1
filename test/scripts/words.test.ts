import { expect, it } from 'vitest';
import { wordProblems } from '../../scripts/checks/words.ts';

it.each([
  ['// The worker that holds seat 0 tells the others.', ['seat', 'tells']],
  ['const told = await readStatus();', ['told']],
  ['3 settings need mending', ['mending']],
  ['the film is made anew, by hand', ['anew', 'by hand']],
  ['It can not be reckoned.', ['reckoned', 'can not']],
])('finds the words in "%s"', (line, found) => {
  const problems = wordProblems('a.ts', `\n${line}`);
  expect(problems).toHaveLength(found.length);
  for (const word of found) expect(problems.join('\n')).toContain(`a.ts:2: "${word}"`);
});

it('leaves longer words alone', () => {
  expect(wordProblems('a.ts', 'recommended storytellers, untidy; I cannot, in vanilla; seating')).toEqual([]);
});
