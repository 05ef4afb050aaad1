import { cloudWatch, minuteMs, sqs } from './constants.ts';
import { evaluate, type Query } from './metric-math.ts';
import type { Queue } from './queue.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** A query as a scaling policy has it: measured, or computed from others. */
export type MetricQuery = Query & {
  metricStat?: { metric: { namespace: string; metricName: string; dimensions: { value: string }[] } };
};

interface Point {
  value: number | undefined;
  readableAtMs: number;
}

/** Metric math over measured metrics. */
interface Computed {
  /** Of what is measured, by the ids of the queries. */
  keys: ReadonlyMap<string, string>;
  /** By minute. */
  known: Map<number, number | undefined>;
}

/** Longer than any alarm looks back, and than any metric comes late. */
const keptMinutes = 40;

/** CloudWatch: a value for each metric and minute, which can be read some time after the minute is over. */
export class Metrics {
  private readonly timeline: Timeline;
  private readonly random: Random;
  private readonly sources: { key: string; read: () => number | undefined; lateMs: () => number }[] = [];
  private readonly points = new Map<string, Map<number, Point>>();
  private readonly computed = new WeakMap<readonly MetricQuery[], Computed>();

  constructor(timeline: Timeline, random: Random) {
    this.timeline = timeline;
    this.random = random;
    timeline.every(minuteMs, () => this.collect(), minuteMs);
  }

  /** @param key as `keyOf` makes it */
  measure(key: string, read: () => number | undefined, lateMs: () => number = () => 0): void {
    this.sources.push({ key, read, lateMs });
  }

  /** The two metrics of a queue: waiting messages and those in flight. */
  measureQueue(queue: Queue): void {
    let delayedUntilMs = Number.NEGATIVE_INFINITY;
    let wasActive = false;
    const isActive = () => this.timeline.nowMs - queue.lastUsedAtMs < sqs.inactiveAfterMs;
    const lateMs = () => {
      // On waking from inactive, all metrics are late for a while.
      if (isActive() && !wasActive) {
        delayedUntilMs = this.timeline.nowMs + this.random.within(sqs.metricsLate);
      }
      wasActive = isActive();
      return Math.max(0, delayedUntilMs - this.timeline.nowMs);
    };
    const measure = (metricName: string, read: () => number) =>
      this.measure(`AWS/SQS ${metricName} ${queue.name}`, () => (isActive() ? read() : undefined), lateMs);
    measure('ApproximateNumberOfMessagesVisible', () => queue.counted);
    measure('ApproximateNumberOfMessagesNotVisible', () => queue.inFlight);
  }

  /** The last `count` minutes of one metric that can be read, the latest last; undefined where there is no value. */
  last(key: string, count: number): (number | undefined)[] {
    return this.minutes(count).map((minute) => this.read(key, minute));
  }

  /** As `last`, of metric math. */
  lastComputed(queries: readonly MetricQuery[], count: number): (number | undefined)[] {
    const { keys, known } = this.computed.get(queries) ?? { keys: keysOf(queries), known: new Map() };
    this.computed.set(queries, { keys, known });
    return this.minutes(count).map((minute) => {
      if (known.has(minute)) return known.get(minute);
      const points = [...keys].map(([id, key]) => [id, this.readable(key, minute)] as const);
      const value = evaluate(
        queries,
        Object.fromEntries(points.map(([id, point]) => [id, point?.value])),
        (id) => this.lastBefore(keys.get(id) ?? '', minute),
      );
      // What can be read does not change any more.
      if (points.every(([, point]) => point)) known.set(minute, value);
      known.delete(minute - keptMinutes);
      return value;
    });
  }

  private lastBefore(key: string, minute: number): number | undefined {
    for (let back = 1; back < keptMinutes; back++) {
      const value = this.read(key, minute - back);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Numbers of the minutes that are over, whether they can be read by now or not: an alarm doesn't wait for what is late. */
  private minutes(count: number): number[] {
    const newest = Math.floor(this.timeline.nowMs / minuteMs) - 1;
    return Array.from({ length: count }, (_, index) => newest - count + 1 + index);
  }

  private read(key: string, minute: number): number | undefined {
    return this.readable(key, minute)?.value;
  }

  /** Undefined while it is late. */
  private readable(key: string, minute: number): Point | undefined {
    const point = this.points.get(key)?.get(minute);
    return point && point.readableAtMs <= this.timeline.nowMs ? point : undefined;
  }

  private collect(): void {
    const minute = Math.round(this.timeline.nowMs / minuteMs) - 1;
    for (const { key, read, lateMs } of this.sources) {
      const points = this.points.get(key) ?? new Map<number, Point>();
      this.points.set(key, points);
      const isLate = this.random.next() < cloudWatch.lateShare;
      const isMissing = this.random.next() < cloudWatch.missingShare;
      const delay = this.random.within(isLate ? cloudWatch.late : cloudWatch.readableAfter) + lateMs();
      points.set(minute, {
        value: isMissing ? undefined : read(),
        readableAtMs: this.timeline.nowMs + delay,
      });
      points.delete(minute - keptMinutes);
    }
  }
}

function keysOf(queries: readonly MetricQuery[]): ReadonlyMap<string, string> {
  const measured = queries.filter(({ metricStat }) => metricStat);
  return new Map(measured.map((query) => [query.id, keyOf(query)]));
}

export function keyOf({ metricStat }: MetricQuery): string {
  if (!metricStat) return '';
  const { namespace, metricName, dimensions } = metricStat.metric;
  return `${namespace} ${metricName} ${dimensions.at(-1)?.value}`;
}
