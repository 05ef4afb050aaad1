import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';

/** What is laid under a worker before its own first line, as a faulty machine would be. */
const preloads = {
  /** SIGUSR2 holds the event loop up for so many seconds. */
  block: (seconds: number) => `
    process.on('SIGUSR2', () => {
      const end = performance.now() + ${seconds * 1000};
      while (performance.now() < end);
    });`,
  /** The clock is wrong by so many seconds, from the start. */
  skew: (seconds: number) => `${wrongClock}\n offsetMs = ${seconds * 1000};`,
  /** The clock jumps by so many seconds at SIGUSR2. */
  jump: (seconds: number) =>
    `${wrongClock}\n process.on('SIGUSR2', () => { offsetMs = ${seconds * 1000}; });`,
};

const wrongClock = `
  let offsetMs = 0;
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + offsetMs);
      else super(...args);
    }
    static now() { return RealDate.now() + offsetMs; }
  };`;

/** Settings that preload one of them; Node reads them, the worker does not. */
export async function preload(
  folder: string,
  name: keyof typeof preloads,
  seconds: number,
): Promise<Partial<WorkerEnvironment>> {
  const path = join(folder, `${name}-${seconds}.mjs`);
  await writeFile(path, preloads[name](seconds));
  const options = { NODE_OPTIONS: `--import ${pathToFileURL(path).href}` };
  return options as Partial<WorkerEnvironment>;
}
