/** What must be ended or removed, in reverse order of its making, however the command ends. */
export class Closing {
  readonly #steps: (() => Promise<unknown> | unknown)[] = [];

  add(step: () => Promise<unknown> | unknown): void {
    this.#steps.push(step);
  }

  /** Every step is tried, whatever the others do. */
  async close(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch {
        // What can't be ended must not keep the rest from being ended.
      }
    }
  }
}

/** Aborted by the first of SIGINT, SIGTERM and SIGHUP, with its name as the reason. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Later signals are swallowed: a terminal, npm and a wrapper may each pass the same Ctrl-C on.
    process.on(name, () => controller.abort(new Stopped(name)));
  }
  return controller.signal;
}

export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}
