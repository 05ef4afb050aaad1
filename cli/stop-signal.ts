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
