import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { projectFolder } from './deployment/stack.ts';
import type { RunProgram } from './programs.ts';

/** In the project's folder, where Pulumi finds its stacks. */
export const runProgram: RunProgram = async (program, args) =>
  (await promisify(execFile)(program, args, { timeout: 30_000, cwd: projectFolder, maxBuffer: 2 ** 26 }))
    .stdout;
