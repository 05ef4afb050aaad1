import { UserError } from '../errors.ts';
import { type InitAnswers, problemOf, type Question } from './questions.ts';

/** @throws UserError for a value that is not allowed, and for a flag that the other answers make pointless */
export function givenAnswers(questions: readonly Question[], options: InitAnswers): InitAnswers {
  const given: InitAnswers = {};
  for (const question of questions) {
    const value = options[question.key];
    if (value === undefined) continue;
    const problem = problemOf(question, value);
    if (problem !== undefined) throw new UserError(problem);
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

/**
 * Without a keyboard nothing is guessed unasked.
 * @param mayGuess take defaults where nothing was given
 * @throws UserError that names the flags of what is still open
 */
export function withDefaults(
  questions: readonly Question[],
  given: InitAnswers,
  mayGuess: boolean,
): InitAnswers {
  const answers: InitAnswers = { ...given };
  const open: string[] = [];
  for (const { key, flag, fallback, isAsked } of questions) {
    if (answers[key] !== undefined || !isAsked(answers)) continue;
    const value = mayGuess ? fallback(answers) : undefined;
    if (value === undefined) open.push(flag);
    else answers[key] = value;
  }
  if (open.length === 0) return answers;
  const rest = mayGuess ? '' : ', or --yes for the defaults';
  throw new UserError(`Questions are asked only at a terminal. Here, add ${open.join(', ')}${rest}.`);
}
