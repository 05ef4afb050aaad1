import { describe, expect, it } from 'vitest';
import type { QueueBinding } from '../../../worker/src/queue/queue-binding.ts';
import { type LaneBindings, ServingOrder } from '../../../worker/src/queue/serving-order.ts';

const binding = (name: string) => ({ queue: { name } }) as QueueBinding;
const lanes: LaneBindings[] = [
  { lane: 'urgent', queues: [binding('urgent parts'), binding('urgent jobs')] },
  { lane: 'normal', queues: [binding('parts'), binding('jobs')] },
  { lane: 'bulk', queues: [binding('bulk parts'), binding('bulk jobs')] },
];
const names = (bindings: readonly QueueBinding[]) => bindings.map(({ queue }) => queue.name);

describe('a worker', () => {
  it('serves the urgent lane first, and in each lane films that are begun', () => {
    const order = new ServingOrder(lanes);
    expect(names(order.next())).toEqual([
      'urgent parts',
      'urgent jobs',
      'parts',
      'jobs',
      'bulk parts',
      'bulk jobs',
    ]);
  });

  it('serves the lowest lane first every eighth time', () => {
    const order = new ServingOrder(lanes);
    const first = Array.from({ length: 24 }, () => names(order.next())[0]);
    expect(first.flatMap((name, turn) => (name === 'bulk parts' ? [turn + 1] : []))).toEqual([8, 16, 24]);
    expect(new Set(first)).toEqual(new Set(['urgent parts', 'bulk parts']));
  });

  it('keeps the order of parts and jobs within a lane when the lowest comes first', () => {
    const order = new ServingOrder(lanes);
    for (let turn = 1; turn < 8; turn += 1) order.next();
    expect(names(order.next())).toEqual([
      'bulk parts',
      'bulk jobs',
      'parts',
      'jobs',
      'urgent parts',
      'urgent jobs',
    ]);
  });

  it.each([
    ['urgent', []],
    ['normal', ['urgent parts', 'urgent jobs']],
    ['bulk', ['urgent parts', 'urgent jobs', 'parts', 'jobs']],
  ] as const)('that makes a film of the lane %s looks at %s between two parts', (lane, above) => {
    expect(names(new ServingOrder(lanes).above(lane))).toEqual(above);
  });
});
