import type { Logger } from '../log.ts';

/** What is broken about a worker itself, not about a film. */
export interface Sickness {
  of: HealthCheck['of'];
  /** For people. */
  reason: string;
}

export interface HealthCheck {
  of: 'encoder' | 'disk' | 'storage';
  /** @throws when it is broken; the message says how */
  run(): Promise<void>;
}

/** A check that hangs, as a broken disk or driver makes it, has failed. */
const checkSeconds = 60;

/**
 * Whether this worker can work. A broken worker fails a job in seconds and takes the next, so it must find out on its own
 * and go before it has gone through the whole queue.
 */
export class Health {
  readonly #checks: readonly HealthCheck[];
  readonly #log: Pick<Logger, 'info'>;
  readonly #fell = Promise.withResolvers<Sickness>();
  #examination: Promise<Sickness | undefined> | undefined;

  constructor(checks: readonly HealthCheck[], log: Pick<Logger, 'info'>) {
    this.#checks = checks;
    this.#log = log;
  }

  /** Resolves when a check has failed: the worker must take no more jobs. */
  get sick(): Promise<Sickness> {
    return this.#fell.promise;
  }

  /** Runs every check. Jobs that fail at the same moment share one run. */
  examine(): Promise<Sickness | undefined> {
    this.#examination ??= this.#runChecks().finally(() => {
      this.#examination = undefined;
    });
    return this.#examination;
  }

  async #runChecks(): Promise<Sickness | undefined> {
    const found = await Promise.all(this.#checks.map(failureOf));
    const sickness = found.find((each) => each !== undefined);
    if (sickness !== undefined) this.#fell.resolve(sickness);
    else this.#log.info({ checks: this.#checks.map(({ of }) => of) }, 'self test passed');
    return sickness;
  }
}

async function failureOf({ of, run }: HealthCheck): Promise<Sickness | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${checkSeconds} s`)), checkSeconds * 1000);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    return { of, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
