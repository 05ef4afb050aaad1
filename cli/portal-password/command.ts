import type { Readable, Writable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { hashPassword } from '../../portal/src/auth/password.ts';
import { UserError } from '../errors.ts';
import { runCommand } from '../farm/run.ts';
import { AnswerLines } from '../text/answer-lines.ts';

const minCharacters = 12;

/** `farm portal-password`: the hash that `portalPasswordHash` takes. The password itself is kept nowhere. */
export function portalPasswordCommand(): Command {
  return new Command('portal-password').action(() =>
    runCommand({}, async ({ say, stop }) => {
      const password = await readPassword(process.stdin, process.stderr, stop);
      if (password.length < minCharacters) {
        throw new UserError(
          `The password has ${password.length} characters. Use ${minCharacters} or more: the portal's address is public.`,
        );
      }
      say(await hashPassword(password));
    }),
  );
}

/**
 * Typed twice at a keyboard, where nothing is shown; else all of standard input.
 * @param out where the questions go: standard output is for the hash
 */
export async function readPassword(
  input: Readable & { isTTY?: boolean },
  out: Writable,
  stop: AbortSignal,
): Promise<string> {
  if (!input.isTTY) return (await text(input)).replace(/\r?\n$/, '');
  // What is typed is shown nowhere.
  using lines = new AnswerLines(input, new PassThrough().resume(), { isKeyboard: true });
  const ask = async (question: string) => {
    out.write(question);
    const answer = await lines.ask('', stop);
    out.write('\n');
    if (answer === undefined) throw new UserError('Ctrl-D ended the input, so nothing was done.');
    return answer;
  };
  const password = await ask('Password of the portal: ');
  if ((await ask('Once more: ')) !== password) throw new UserError('The two are not the same. Try again.');
  return password;
}
