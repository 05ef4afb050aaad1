import { UserError } from '../errors.ts';
import { type InitAnswers, problemOf, type Question } from './questions.ts';

/** @throws UserError for a value that is not allowed, and for a flag that the other answers make pointless */
export function givenAnswers(questions: readonly Question[], options: InitAnswers): InitAnswers {
  const given: InitAnswers = {};
  for (const question of questions) {
    const value = options[question.key];
    if (value === undefined) continue;
    const problem = problemOf(question, value);
    if (problem !== undefined) throw new UserError(`${question.flag.split(' ')[0]}: ${problem}`);
    given[question.key] = value;
  }
  for (const { key, flag, isAsked } of questions) {
    if (given[key] !== undefined && !isAsked(given)) {
      throw new UserError(
        `${flag.split(' ')[0]} goes with --storage ${key === 'wasabiRegion' ? 'wasabi' : 'r2'}.`,
      );
    }
  }
  return given;
}

/** Flags of the questions that are neither answered nor made pointless by the answers. */
export function openFlags(questions: readonly Question[], answers: InitAnswers): string[] {
  return questions
    .filter(({ key, isAsked }) => answers[key] === undefined && isAsked(answers))
    .map(({ flag }) => flag);
}

/**
 * Where nothing is asked, nothing is guessed unasked.
 * @param mayGuess take defaults where nothing was given
 * @throws UserError that names the flags of what is still open
 */
export function withDefaults(
  questions: readonly Question[],
  given: InitAnswers,
  mayGuess: boolean,
): InitAnswers {
  const answers: InitAnswers = { ...given };
  for (const { key, fallback, isAsked } of mayGuess ? questions : [])
    if (isAsked(answers)) answers[key] ??= fallback(answers);
  const open = openFlags(questions, answers);
  if (open.length === 0) return answers;
  throw new UserError(
    mayGuess
      ? `There is no default for ${open.join(', ')}. Add it.`
      : `Nothing is asked with --json. Add ${open.join(', ')}, or --yes for the defaults.`,
  );
}
