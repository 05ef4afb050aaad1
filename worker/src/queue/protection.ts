import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';

/** How long protection lasts without a renewal; 1 to 2880. Bounds what a dead worker blocks. */
const expiresInMinutes = 30;
const renewEveryMs = 10 * 60_000;

/**
 * Keeps ECS from stopping this task while it has work: task scale-in protection through the ECS agent, against scale-in and
 * deployments, not against the loss of a Spot instance. Without an agent it does nothing; failures are logged and stop no job.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export class Protection {
  readonly #agentUri: string | undefined;
  readonly #log: Logger;
  #jobs = 0;
  #isProtected = false;
  #calls = Promise.resolve();
  #renewal: NodeJS.Timeout | undefined;

  constructor(agentUri: string | undefined, log: Logger) {
    this.#agentUri = agentUri;
    this.#log = log;
  }

  /** A message is in hand; `idle` follows for each. */
  busy(): void {
    this.#jobs += 1;
    if (this.#jobs > 1 || this.#agentUri === undefined) return;
    this.#update();
    this.#renewal ??= setInterval(() => this.#update({ renew: true }), renewEveryMs).unref();
  }

  idle(): void {
    this.#jobs -= 1;
    if (this.#jobs > 0 || this.#agentUri === undefined) return;
    this.close();
    this.#renewal = undefined;
    this.#update();
  }

  /** Ends the renewals. */
  close(): void {
    clearInterval(this.#renewal);
  }

  /** One call at a time, and only what still holds when its turn comes. */
  #update({ renew } = { renew: false }): void {
    this.#calls = this.#calls.then(async () => {
      // The next job often follows at once: then nothing changes.
      if (this.#jobs === 0) await sleep(1000, undefined, { ref: false });
      const wanted = this.#jobs > 0;
      if (renew ? wanted : wanted !== this.#isProtected) await this.#call(wanted);
    });
  }

  async #call(enabled: boolean): Promise<void> {
    const state = enabled
      ? { ProtectionEnabled: true, ExpiresInMinutes: expiresInMinutes }
      : { ProtectionEnabled: false };
    try {
      const response = await fetch(`${this.#agentUri}/task-protection/v1/state`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(state),
        signal: AbortSignal.timeout(5000),
      });
      const answer = (await response.text()).slice(0, 500);
      // The agent answers 200 with a "failure" where ECS said no.
      if (!response.ok || answer.includes('"failure"')) throw new Error(`${response.status} ${answer}`);
      this.#isProtected = enabled;
    } catch (error) {
      this.#log.warn({ err: error, enabled }, 'could not change the scale-in protection of this task');
    }
  }
}
