import { rings } from './alarm.ts';
import { cloudWatch, targetTracking as constants } from './constants.ts';
import type { MetricQuery, Metrics } from './metrics.ts';
import type { Random } from './random.ts';
import type { Service } from './service.ts';
import type { Timeline } from './timeline.ts';

export interface TrackingSettings {
  queries: readonly MetricQuery[];
  target: number;
  minCapacity: number;
  maxCapacity: number;
  outCooldownMs: number;
  inCooldownMs: number;
}

/** Target tracking of Application Auto Scaling on the service's desired count: two alarms, and a pause after each change. */
export function startTracking(
  service: Service,
  metrics: Metrics,
  settings: TrackingSettings,
  { timeline, random }: { timeline: Timeline; random: Random },
): void {
  const { queries, target, minCapacity, maxCapacity, outCooldownMs, inCooldownMs } = settings;
  let outAtMs = Number.NEGATIVE_INFINITY;
  let inAtMs = Number.NEGATIVE_INFINITY;

  const look = () => {
    // An alarm looks a little further back than it asks for, over minutes that are missing.
    const values = metrics.lastComputed(queries, constants.minutesBelow + 2);
    const latest = values.findLast((value) => value !== undefined);
    if (latest === undefined) return;
    const { nowMs } = timeline;
    if (rings(values.slice(-constants.minutesAbove - 2), constants.minutesAbove, (value) => value > target)) {
      // From none, capacity times a ratio would stay none: it adds one.
      const wanted = Math.min(maxCapacity, Math.ceil((Math.max(1, service.desired) * latest) / target));
      if (wanted > service.desired && nowMs - outAtMs >= outCooldownMs) {
        outAtMs = nowMs;
        service.setDesired(wanted);
      }
    } else if (rings(values, constants.minutesBelow, (value) => value < target * constants.lowShare)) {
      const wanted = Math.max(minCapacity, Math.ceil((service.desired * latest) / target));
      if (wanted < service.desired && nowMs - Math.max(inAtMs, outAtMs) >= inCooldownMs) {
        inAtMs = nowMs;
        service.setDesired(wanted);
      }
    }
  };
  timeline.every(cloudWatch.alarmEveryMs, look, random.within({ minMs: 0, maxMs: cloudWatch.alarmEveryMs }));
}
