import type { Interface } from 'node:readline/promises';
import { UserError } from '../errors.ts';

/** A line that is typed. @throws UserError after Ctrl-D; what aborted `stop` */
export async function askLine(lines: Interface, prompt: string, stop: AbortSignal): Promise<string> {
  return await lines.question(prompt, { signal: stop }).catch((error: Error) => {
    stop.throwIfAborted();
    if (error.name !== 'AbortError') throw error;
    throw new UserError('Ctrl-D ended the input, so nothing was done.');
  });
}
