import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { askLine } from '../text/question.ts';
import type { Style } from '../text/style.ts';
import { wrapLine } from '../text/wrap.ts';
import { type InitAnswers, problemOf, type Question } from './questions.ts';

/** Asks at a keyboard what is still open; Enter takes the default in brackets, a wrong answer is asked again. */
export async function askAll(
  questions: readonly Question[],
  given: InitAnswers,
  {
    input,
    out,
    stop,
    style,
    columns = 100,
  }: { input: Readable; out: Writable; stop: AbortSignal; style: Style; columns?: number | undefined },
): Promise<InitAnswers> {
  using lines = createInterface({ input, output: out, terminal: true });
  // readline takes Ctrl-C from the terminal; the rest of the command waits for the signal.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const answers: InitAnswers = { ...given };
  for (const question of questions) {
    if (answers[question.key] !== undefined || !question.isAsked(answers)) continue;
    answers[question.key] = await askOne(question);
  }
  return answers;

  async function askOne(question: Question): Promise<string> {
    const { text, choices = {} } = question;
    const fallback = question.fallback(answers);
    out.write(`\n${style.bold(text)}\n`);
    for (const [value, meaning] of Object.entries(choices))
      for (const line of wrapLine(`  ${value.padEnd(9)} ${style.dim(meaning)}`, columns))
        out.write(`${line}\n`);
    for (;;) {
      const prompt = fallback === undefined ? '> ' : `[${fallback}] > `;
      const typed = await askLine(lines, prompt, stop);
      const value = typed.trim() || fallback || '';
      const problem = problemOf(question, value);
      if (problem === undefined) return value;
      out.write(`${problem.slice(problem.indexOf(': ') + 2)}\n`);
    }
  }
}
