import type { Readable, Writable } from 'node:stream';
import { UserError } from '../errors.ts';
import { AnswerLines } from '../text/answer-lines.ts';
import type { Style } from '../text/style.ts';
import { wrapLine } from '../text/wrap.ts';
import { openFlags } from './answers.ts';
import { type InitAnswers, problemOf, type Question } from './questions.ts';

interface Asking {
  input: Readable & { isTTY?: boolean };
  out: Writable;
  stop: AbortSignal;
  style: Style;
  /** Of the terminal. @default 100 */
  columns?: number | undefined;
}

/**
 * Asks what is still open; an empty line takes the default in brackets. At a keyboard a wrong answer is asked again; in a
 * pipe it ends the command, as the line after it answers the next question.
 * @throws UserError for a wrong answer in a pipe, and where the input ends before the last question
 */
export async function askAll(
  questions: readonly Question[],
  given: InitAnswers,
  { input, out, stop, style, columns = 100 }: Asking,
): Promise<InitAnswers> {
  const isKeyboard = input.isTTY === true;
  using lines = new AnswerLines(input, out, { isKeyboard });
  const answers: InitAnswers = { ...given };
  for (const question of questions) {
    if (answers[question.key] !== undefined || !question.isAsked(answers)) continue;
    answers[question.key] = await askOne(question);
    out.write('\n');
  }
  return answers;

  async function askOne(question: Question): Promise<string> {
    const { text, choices = {} } = question;
    const fallback = question.fallback(answers);
    out.write(`${style.bold(text)}\n`);
    for (const [value, meaning] of Object.entries(choices))
      for (const line of wrapLine(`  ${value.padEnd(9)} ${style.dim(meaning)}`, columns))
        out.write(`${line}\n`);
    for (;;) {
      const prompt = fallback === undefined ? '> ' : `[${fallback}] > `;
      const typed = await lines.ask(prompt, stop);
      if (typed === undefined) throw unanswered(question);
      const value = typed.trim() || fallback || '';
      const problem = problemOf(question, value);
      if (problem === undefined) return value;
      if (!isKeyboard) throw new UserError(`${text}: ${problem} Nothing was written.`);
      lines.forgetEarly();
      out.write(`${problem}\n`);
    }
  }

  function unanswered({ text }: Question): UserError {
    const flags = openFlags(questions, answers).join(', ');
    return new UserError(
      `The input ended before "${text}" was answered, so nothing was written. Add lines for the rest, or ${flags}, or --yes for the defaults.`,
    );
  }
}
