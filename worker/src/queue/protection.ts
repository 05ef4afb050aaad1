import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';

/** Keeps ECS from stopping this task while it has work. Calls come in pairs, one pair for each message. */
export interface Protection {
  busy(): void;
  idle(): void;
  /** Ends the renewals. */
  close(): void;
}

/** How long ECS holds to the promise without a word from us; 1 to 2880. Bounds what a dead worker blocks. */
const expiresInMinutes = 30;
const renewEveryMs = 10 * 60_000;

/**
 * Task scale-in protection through the ECS agent. Guards against scale-in and deployments, not against the loss of a
 * Spot instance. Without an agent it does nothing; failures are logged and stop no job.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export function createProtection(agentUri: string | undefined, log: Logger): Protection {
  if (agentUri === undefined) return { busy() {}, idle() {}, close() {} };
  let jobs = 0;
  let told = false;
  let telling = Promise.resolve();
  let renewal: NodeJS.Timeout | undefined;

  const tell = async (enabled: boolean) => {
    try {
      const response = await fetch(`${agentUri}/task-protection/v1/state`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(
          enabled
            ? { ProtectionEnabled: true, ExpiresInMinutes: expiresInMinutes }
            : { ProtectionEnabled: false },
        ),
        signal: AbortSignal.timeout(5000),
      });
      const answer = (await response.text()).slice(0, 500);
      // The agent answers 200 with a "failure" where ECS said no.
      if (!response.ok || answer.includes('"failure"')) throw new Error(`${response.status} ${answer}`);
      told = enabled;
    } catch (error) {
      log.warn({ err: error, enabled }, 'could not change the scale-in protection of this task');
    }
  };

  /** One call at a time, and only what still holds when its turn comes. */
  const update = (again = false) => {
    telling = telling.then(async () => {
      // The next job often follows at once: then nothing changes.
      if (jobs === 0) await sleep(1000, undefined, { ref: false });
      const wanted = jobs > 0;
      if (again ? wanted : wanted !== told) await tell(wanted);
    });
  };

  return {
    busy() {
      jobs += 1;
      if (jobs > 1) return;
      update();
      renewal ??= setInterval(() => update(true), renewEveryMs).unref();
    },
    idle() {
      jobs -= 1;
      if (jobs > 0) return;
      clearInterval(renewal);
      renewal = undefined;
      update();
    },
    close() {
      clearInterval(renewal);
    },
  };
}
