import { devNull } from 'node:os';
import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import { type FarmProcess, startProcess } from './process.ts';

const entry = new URL('../../worker/src/main.ts', import.meta.url);

/**
 * As in the worker's image: a small young generation keeps the heap small, and one arena keeps the C library from holding
 * what was freed. With compiled code at hand Node's TypeScript compiler is not loaded; the image needs none, as it holds
 * JavaScript.
 */
const nodeFlags = ['--max-semi-space-size=1'];
const oneArena = { MALLOC_ARENA_MAX: '1' };

export type WorkerProcess = FarmProcess;

/** @param logFile where its output goes; made or added to. Without it, nowhere */
export function startWorker(environment: WorkerEnvironment, logFile: string = devNull): WorkerProcess {
  return startProcess(entry, nodeFlags, { ...oneArena, ...environment }, logFile);
}
