/** Minutes without backlog until a farm sleeps whose stack says nothing. */
export const usualIdleMinutes = 5;

/** How long workers and instances that have nothing to do are kept, see `Rules` of the waker. */
export const quietTimes = {
  // The next of the schedule's minutes: long enough for a job that follows at once.
  spareMs: 60_000,
  // Long enough for ECS to move a task there, short enough to be worth it.
  idleInstanceMs: 2 * 60_000,
} as const;
