import type { Stack } from './stack.ts';

/** The farm as it would be without one of its ways, or with one that it has not. */
export const variants = {
  /** Instances are ordered by ECS managed scaling alone, and for one worker a film. */
  managedScalingAlone: (stack: Stack): Stack =>
    withRules(stack, { tasksPerInstance: Number.POSITIVE_INFINITY, wakeWorkers: 1 }),
  /** Stopped instances stand ready. The program makes no such pool. */
  warm: (stack: Stack, count: number): Stack =>
    stack.gpu
      ? {
          ...stack,
          gpu: {
            ...stack.gpu,
            group: {
              ...stack.gpu.group,
              warm: count,
              onDemandBase: Math.max(count, stack.gpu.group.onDemandBase),
            },
          },
        }
      : stack,
};

function withRules(stack: Stack, rules: Partial<Stack['waker']['rules']>): Stack {
  return { ...stack, waker: { ...stack.waker, rules: { ...stack.waker.rules, ...rules } } };
}
