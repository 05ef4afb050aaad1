import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** An error that the user can fix: printed without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Says what takes a while, on standard error, and how long it took. Standard output belongs to the task. */
export function say(what) {
  const startedAt = Date.now();
  process.stderr.write(`${what} ...`);
  return (outcome = 'done') => {
    process.stderr.write(` ${outcome} (${((Date.now() - startedAt) / 1000).toFixed(0)} s)\n`);
  };
}

/** Runs a command and shows its output only when it fails. */
export function runQuietly([command, ...args], { cwd, env, failure }) {
  const result = tryRun([command, ...args], { cwd, env });
  if (result.ok) return;
  process.stderr.write(' failed\n');
  throw new SetupError(`${failure}\n\n${indent(head(result.output, 15))}`);
}

/** The terminal stays connected, so that sudo can ask for a password. */
export function tryRun([command, ...args], { cwd, env } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['inherit', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? result.error.message : ''}`;
  return { ok: result.status === 0, output };
}

/** Full path of a program, looked for in PATH and then in `places`. */
export function findProgram(name, places = []) {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...places];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function head(text, lines) {
  return text.trim().split('\n').slice(0, lines).join('\n');
}

function indent(text) {
  return text.replace(/^/gm, '  ');
}
