import type { Rules } from '../../infra/scaling/waker/decide.ts';

/** What a film that wakes a farm costs beside the work on it: its workers' start, and their wait until the farm sleeps again. */

/**
 * Paid before the first frame: an instance that boots and joins the cluster (80 to 120 s, docs/scaling.md) and a task that starts on it
 * (about 30); of Fargate, the task's start alone.
 */
const startSeconds = { gpu: 130, fargate: 30 } as const;

/**
 * Of a call whose environment is new: Node, a look at the film, the first ffmpeg. Measured as 1.3 s on a machine like that of
 * docs/performance.md; an image that Lambda has not cached comes on top, and is not billed up to ten seconds. An assumption.
 */
export const callStartSeconds = 2;

/**
 * A stopped instance that was started is never stopped again. Another is made, booted and stopped, and paid for during its start and two
 * minutes of the hook (`infra/compute/warm-pool.ts`). An assumption.
 */
export const preparationSeconds = 180;

/**
 * Seconds of all workers that make the film. After it, the quiet until they go, of which one waits longer than the others, and on instances
 * the time until those go too (`decide.ts`).
 */
export function wakingSeconds(
  kind: 'gpu' | 'fargate',
  workers: number,
  { idleMs, spareMs, idleInstanceMs }: Pick<Rules, 'idleMs' | 'spareMs' | 'idleInstanceMs'>,
): number {
  const instanceMs = kind === 'gpu' ? idleInstanceMs : 0;
  const quietMs = idleMs + (workers - 1) * spareMs;
  return workers * (startSeconds[kind] + instanceMs / 1000) + quietMs / 1000;
}
