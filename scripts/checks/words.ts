import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Words that the project does not use, with what it says instead. Each reads like a translation, or names a part of an
 * earlier design.
 */
const words: readonly (readonly [RegExp, string])[] = [
  [/\b(crews?|joinCrew|soloCrew)\b/i, 'film session'],
  [/\bseats?\b/i, 'role: planner or helper'],
  [/\bvoices?\b/i, 'status reporter'],
  [/\b(told|tells?|telling)\b/i, 'report, say, show'],
  [/\b(judge[sd]?|judging|judgement)\b/i, 'check, validate'],
  [/\b(mends?|mended|mending)\b/i, 'fix, correct; "settings are invalid"'],
  [/\banew\b/i, 'again'],
  [/\bin vain\b/i, 'without success'],
  [/\breckon(s|ed|ing)?\b/i, 'estimate, compute'],
  [/\bby hand\b/i, 'manually'],
  [/\bcan not\b/i, 'cannot'],
  [/\bwish(es)?\b/i, 'job options'],
  [/\btidy\b/i, 'clean up'],
];

/** @returns a sentence for each use of a word, with its line */
export function wordProblems(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    words.flatMap(([word, instead]) => {
      const [found] = word.exec(line) ?? [];
      return found === undefined ? [] : [`${file}:${index + 1}: "${found}" (instead: ${instead})`];
    }),
  );
}

/** The text that the project's people write: code, tests, pages and settings. */
const isOurs =
  /^(cli|docs|infra|portal|reporter|scripts|stacks|test|tools|worker)\/.*\.(ts|js|mjs|md|yaml|sh|css|html)$|^[\w.]+\.(md|yaml)$/;
/** This list, the history, films that others made, and what is generated from elsewhere. */
const isLeftOut =
  /^scripts\/checks\/words\.ts$|^test\/scripts\/words\.test\.ts$|^CHANGELOG\.md$|^test\/fixtures\//;

if (import.meta.main) {
  const { stdout } = spawnSync('git', ['ls-files', '-z'], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const files = stdout.split('\0').filter((file) => isOurs.test(file) && !isLeftOut.test(file));
  const problems = files.flatMap((file) => wordProblems(file, readFileSync(file, 'utf8')));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 && files.length > 0 ? 0 : 1;
}
