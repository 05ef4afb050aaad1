import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** An error that the user can fix: printed without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/**
 * Says what takes a while, on standard error, and how long it took. Standard output belongs to the task.
 * @param counts whether a terminal shows the seconds meanwhile; not where a command may ask for a password
 */
export function say(what, { counts = false } = {}) {
  const startedAt = Date.now();
  process.stderr.write(`${what} ...`);
  const takeBack = counts && process.stderr.isTTY ? countSeconds() : () => '';
  return (outcome = 'done') => {
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
    process.stderr.write(`${takeBack()} ${outcome} (${seconds} s)\n`);
  };
}

/**
 * Counts behind the text in a thread, as `spawnSync` holds this one.
 * @returns ends it; what it returns takes the number off the terminal
 */
function countSeconds() {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const count = `
    const { workerData: shared } = require('node:worker_threads');
    for (let s = 1; Atomics.wait(shared, 0, 0, 1000) === 'timed-out'; s += 1) {
      const text = ' ' + s + ' s';
      require('node:fs').writeSync(2, '\\b'.repeat(shared[1]) + text);
      shared[1] = text.length;
    }
  `;
  new Worker(count, { eval: true, workerData: shared }).unref();
  return () => {
    Atomics.store(shared, 0, 1);
    Atomics.notify(shared, 0);
    return `${'\b'.repeat(shared[1])}\x1b[K`;
  };
}

/** Runs a command and shows its output only when it fails. */
export function runQuietly([command, ...args], { cwd, env, failure }) {
  const result = tryRun([command, ...args], { cwd, env });
  if (result.ok) return;
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
