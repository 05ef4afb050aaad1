import { quantile } from './measure.ts';
import type { Run } from './simulate.ts';

/** What passes until the encoder has its first frame, in seconds. Nobody can see that frame: a film can be watched when it is whole. */
export interface Phases {
  /** Until an instance was ordered for it: none, where one was there. */
  order: number;
  /** Until that instance was in the cluster. */
  boot: number;
  /** Until its worker took the job: placing, image, container, Node. */
  start: number;
  /** Plan, and the encoder's first frame. */
  plan: number;
}

export const phaseNames = ['order', 'boot', 'start', 'plan'] as const;

/** Of each film: its first worker's instance, and when what happened. */
export function phasesOf({ films, machines, work }: Run): Phases[] {
  const machineOf = new Map(machines.map((machine) => [machine.id, machine]));
  const firstWork = new Map<number, { machineId: string; fromMs: number }>();
  for (const stretch of work) {
    const known = firstWork.get(stretch.film.id);
    if (!known || stretch.fromMs < known.fromMs) firstWork.set(stretch.film.id, stretch);
  }
  return films.flatMap((film) => {
    const first = firstWork.get(film.id);
    const machine = machineOf.get(first?.machineId ?? '');
    if (!first || !machine || film.encodingStartedAtMs === undefined) return [];
    // What happened before the job came was no wait for it.
    const ordered = Math.max(film.arrivedAtMs, machine.orderedAtMs);
    const joined = Math.max(film.arrivedAtMs, machine.joinedAtMs ?? 0);
    return [
      {
        order: (ordered - film.arrivedAtMs) / 1000,
        boot: (joined - ordered) / 1000,
        start: (first.fromMs - joined) / 1000,
        plan: (film.encodingStartedAtMs - first.fromMs) / 1000,
      },
    ];
  });
}

/** The middle one of each phase. */
export function middlePhases(phases: readonly Phases[]): Phases {
  const middle = (name: keyof Phases) =>
    quantile(
      phases.map((one) => one[name]),
      0.5,
    );
  return { order: middle('order'), boot: middle('boot'), start: middle('start'), plan: middle('plan') };
}
