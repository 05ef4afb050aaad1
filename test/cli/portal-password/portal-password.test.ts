import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readPassword } from '../../../cli/portal-password/command.ts';
import { isPassword } from '../../../portal/src/auth/password.ts';

const password = 'correct horse battery staple';

/** The command with this on its standard input. */
async function run(input: string) {
  const bin = fileURLToPath(new URL('../../../cli/bin.mjs', import.meta.url));
  const child = spawn(process.execPath, [bin, 'portal-password']);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, code };
}

it('prints the hash of a password from standard input, and nothing else', async () => {
  const { stdout, stderr, code } = await run(`${password}\n`);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout).not.toContain('horse');
  expect(await isPassword(password, stdout.trimEnd())).toBe(true);
}, 30_000);

it('refuses a password that is short', async () => {
  const { stdout, stderr, code } = await run('sesame\n');
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(stderr).toContain('The password has 6 characters. Use 12 or more');
}, 30_000);

/** A keyboard on which these lines are typed, each when it is asked for. */
async function type(...lines: string[]) {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true });
  const screen = new PassThrough({ encoding: 'utf8' });
  let shown = '';
  screen.on('data', (words: string) => {
    shown += words;
    if (words.endsWith(': ')) setImmediate(() => keyboard.write(`${lines.shift()}\n`));
  });
  const answer = await readPassword(keyboard, screen, new AbortController().signal).catch(
    (error: Error) => error.message,
  );
  return { answer, shown };
}

it('asks twice at a keyboard, and shows nothing of what is typed', async () => {
  expect(await type(password, password)).toEqual({
    answer: password,
    shown: 'Password of the portal: \nOnce more: \n',
  });
});

it('takes no password that was typed in two ways', async () => {
  expect((await type(password, 'correct horse')).answer).toBe('The two are not the same. Try again.');
});

it('takes both lines of a password that is pasted twice at once', async () => {
  expect((await type(`${password}\n${password}`)).answer).toBe(password);
});
