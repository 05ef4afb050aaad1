import { instance as constants, hourMs, type Starts, spot } from './constants.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** An instance, or what a Fargate task runs on. */
export interface Machine {
  id: string;
  arn: string;
  isSpot: boolean;
  orderedAtMs: number;
  /** When ECS knew it. */
  joinedAtMs?: number;
  endedAtMs?: number;
  /** No new task is placed on it. */
  draining: boolean;
  /** It has the worker's image. */
  hasImage: boolean;
}

export interface GroupSettings {
  maxSize: number;
  onDemandBase: number;
  /** Above the base: Spot, or On-Demand as well. */
  spotAbove: boolean;
  /** Stopped instances that wait to be started, less those that are wanted: within the On-Demand base. */
  warm: number;
  /** The group itself takes none away (`protectFromScaleIn`). */
  protectFromScaleIn: boolean;
}

/** From `fromMs` all Spot instances are taken, and there are no others until `untilMs`. */
export interface SpotStorm {
  fromMs: number;
  untilMs: number;
}

/** What the group's owner hears. */
export interface GroupEvents {
  joined(machine: Machine): void;
  /** Spot takes it in two minutes. */
  noticed(machine: Machine): void;
  ended(machine: Machine, cause: 'scaling' | 'spot'): void;
}

/** An Auto Scaling group: as many instances as wished for, On-Demand up to a base and Spot above it. */
export class Group {
  desired = 0;
  /** All that ever were, with those that were only made for the warm pool. */
  readonly machines: Machine[] = [];
  alive: Machine[] = [];
  readonly settings: GroupSettings;
  /** Stopped ones that are ready, and those that are being made. */
  private warm: number;
  private preparing = 0;
  private made = 0;
  private readonly timeline: Timeline;
  private readonly random: Random;
  private readonly events: GroupEvents;
  private readonly storms: readonly SpotStorm[];
  private readonly starts: Starts;

  constructor(
    settings: GroupSettings,
    world: { timeline: Timeline; random: Random; storms?: readonly SpotStorm[]; starts: Starts },
    events: GroupEvents,
  ) {
    this.settings = settings;
    this.warm = settings.warm;
    this.timeline = world.timeline;
    this.random = world.random;
    this.storms = world.storms ?? [];
    this.starts = world.starts;
    this.events = events;
    for (const { fromMs } of this.storms) {
      this.timeline.at(fromMs, () => {
        for (const machine of this.alive.filter(({ isSpot }) => isSpot)) this.notice(machine);
      });
    }
  }

  setDesired(count: number): void {
    this.desired = Math.min(this.settings.maxSize, Math.max(0, count));
    this.timeline.after(this.random.within(constants.order), () => this.adjust());
  }

  /** Ends one, busy or not. */
  terminate(id: string, { replace } = { replace: false }): void {
    const machine = this.alive.find((other) => other.id === id);
    if (!machine) return;
    if (!replace) this.desired -= 1;
    this.end(machine, 'scaling');
    if (replace) this.setDesired(this.desired);
    else this.refill();
  }

  /** No instance is left to pay for. */
  get isEmpty(): boolean {
    return this.alive.length === 0 && this.machines.every(({ endedAtMs }) => endedAtMs !== undefined);
  }

  private adjust(): void {
    while (this.alive.length > this.desired && !this.settings.protectFromScaleIn) {
      this.end(this.alive[0] as Machine, 'scaling');
    }
    while (this.alive.length < this.desired) {
      const onDemand = this.alive.filter(({ isSpot }) => !isSpot).length;
      const isSpot = this.settings.spotAbove && onDemand >= this.settings.onDemandBase;
      const isRefused = this.starts.refused > 0 && this.random.next() < this.starts.refused;
      if (isRefused || (isSpot && this.isStorm())) {
        this.timeline.after(spot.retryMs, () => this.adjust());
        return;
      }
      this.launch(isSpot);
    }
    this.refill();
  }

  private launch(isSpot: boolean): void {
    const isWarm = !isSpot && this.warm > 0;
    if (isWarm) this.warm -= 1;
    const machine = this.make(isSpot);
    this.alive.push(machine);
    this.timeline.after(this.random.within(isWarm ? this.starts.joinFromStopped : this.starts.join), () => {
      if (machine.endedAtMs !== undefined) return;
      machine.joinedAtMs = this.timeline.nowMs;
      this.events.joined(machine);
    });
    if (isSpot) {
      this.timeline.after(this.random.untilNext(spot.meanHoursBetweenLosses * hourMs), () =>
        this.notice(machine),
      );
    }
  }

  /** ECS lets no instance return to the warm pool, so each that has left it costs the making of another. */
  private refill(): void {
    while (this.desired + this.warm + this.preparing < this.settings.warm) {
      const machine = this.make(false);
      this.preparing += 1;
      this.timeline.after(constants.prepareMs, () => {
        machine.endedAtMs = this.timeline.nowMs;
        this.preparing -= 1;
        // More are wanted by now: it was made for nothing.
        if (this.desired + this.warm + this.preparing < this.settings.warm) this.warm += 1;
      });
    }
  }

  private make(isSpot: boolean): Machine {
    const id = `i-${String(++this.made).padStart(5, '0')}`;
    const machine = { id, arn: `arn:${id}`, isSpot, orderedAtMs: this.timeline.nowMs };
    this.machines.push({ ...machine, draining: false, hasImage: false });
    return this.machines.at(-1) as Machine;
  }

  private notice(machine: Machine): void {
    if (machine.endedAtMs !== undefined) return;
    this.timeline.after(this.random.within(spot.drain), () => {
      if (machine.endedAtMs === undefined) this.events.noticed(machine);
    });
    this.timeline.after(spot.noticeMs, () => {
      if (machine.endedAtMs === undefined) this.end(machine, 'spot');
      this.adjust();
    });
  }

  private end(machine: Machine, cause: 'scaling' | 'spot'): void {
    machine.endedAtMs = this.timeline.nowMs;
    this.alive = this.alive.filter((other) => other !== machine);
    this.events.ended(machine, cause);
  }

  private isStorm(): boolean {
    const { nowMs } = this.timeline;
    return this.storms.some(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
  }
}
