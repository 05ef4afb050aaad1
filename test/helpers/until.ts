import { setTimeout as sleep } from 'node:timers/promises';
import { patience } from './strictness.ts';

/** Waits until something holds; longer against strict services. @throws Error that names it when it does not in time */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitSeconds = 20,
): Promise<void> {
  const timeoutSeconds = limitSeconds * patience;
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const answer = holds();
    if (await answer) return;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutSeconds} s for ${what}.`);
    // Requests take processor time from what is waited for.
    await sleep(answer instanceof Promise ? 100 : 25);
  }
}
