import { rings } from './alarm.ts';
import { managedScaling as constants } from './constants.ts';
import type { Group } from './group.ts';
import type { Random } from './random.ts';
import type { Service } from './service.ts';
import type { Timeline } from './timeline.ts';

export interface ManagedScalingSettings {
  minimumStep: number;
  maximumStep: number;
  warmupMs: number;
}

/** The capacity provider's managed scaling: instances for tasks that wait for a place, and fewer after a long quiet. */
export function startManagedScaling(
  group: Group,
  service: Service,
  { minimumStep, maximumStep, warmupMs }: ManagedScalingSettings,
  { timeline, random }: { timeline: Timeline; random: Random },
): void {
  let reservations: number[] = [];
  timeline.every(
    constants.everyMs,
    () => {
      reservations = [...reservations, reservationOf(group, service)].slice(-constants.minutesBelow);
      timeline.after(random.within(constants.alarm), act);
    },
    random.within({ minMs: 0, maxMs: constants.everyMs }),
  );

  const act = () => {
    const [latest = 100] = reservations.slice(-1);
    if (latest > 100) scaleOut();
    else if (rings(reservations, constants.minutesBelow, (value) => value < 100)) scaleIn();
  };

  const scaleOut = () => {
    const youngest = Math.max(...group.alive.map(({ orderedAtMs }) => orderedAtMs));
    if (timeline.nowMs - youngest < warmupMs) return;
    const needed = registered(group) === 0 ? Math.max(constants.atFirst, service.unplaced) : service.unplaced;
    group.setDesired(group.desired + Math.min(maximumStep, Math.max(minimumStep, needed)));
  };

  /** At most half of them at once, and only empty ones: ECS lifts the protection of just those. */
  const scaleIn = () => {
    const empty = group.alive.filter(
      (machine) => machine.joinedAtMs !== undefined && !service.taskOn(machine),
    );
    for (const machine of empty.slice(0, Math.max(1, Math.floor(group.alive.length / 2)))) {
      group.terminate(machine.id);
    }
  };
}

/** Instances needed over instances that there are, in percent. */
export function reservationOf(group: Group, service: Service): number {
  const there = registered(group);
  if (there === 0) return service.unplaced > 0 ? 200 : 100;
  const full = group.alive.filter((machine) => service.taskOn(machine)).length;
  const needed = service.unplaced > 0 ? there + service.unplaced : full;
  return (needed / there) * 100;
}

function registered(group: Group): number {
  return group.alive.filter(({ joinedAtMs }) => joinedAtMs !== undefined).length;
}
