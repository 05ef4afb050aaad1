import type { Lane } from '../protocol/lanes.ts';
import type { QueueBinding } from './queue-binding.ts';

/** The queues of one lane in the order in which they are served. */
export interface LaneBindings {
  lane: Lane;
  queues: readonly QueueBinding[];
}

/** Every so many turns the lowest lane that has work comes first, so that it is never starved. */
export const turnsPerLowest = 8;

/** In which order a worker asks its queues for the next message. */
export class ServingOrder {
  readonly #lanes: readonly LaneBindings[];
  #turns = 0;

  /** @param lanes the highest first */
  constructor(lanes: readonly LaneBindings[]) {
    this.#lanes = lanes;
  }

  next(): readonly QueueBinding[] {
    this.#turns += 1;
    const isLowestFirst = this.#turns % turnsPerLowest === 0;
    const lanes = isLowestFirst ? this.#lanes.toReversed() : this.#lanes;
    return lanes.flatMap(({ queues }) => queues);
  }

  /** The queues of the lanes that come before this one. */
  above(lane: Lane): readonly QueueBinding[] {
    const own = this.#lanes.findIndex((each) => each.lane === lane);
    return this.#lanes.slice(0, Math.max(0, own)).flatMap(({ queues }) => queues);
  }
}
