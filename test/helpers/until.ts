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
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutSeconds} s for ${what}.`);
    await sleep(25);
  }
}
