import { rings } from './alarm.ts';
import { hourMs, minuteMs } from './constants.ts';
import type { GroupSettings } from './group.ts';
import type { Policy } from './policies.ts';
import { startTracking } from './tracking.ts';
import type { WorkerTraits } from './traits.ts';

const queues = {
  queueNames: { jobs: 'jobs', parts: 'parts' },
  /** SQS' default. */
  retentionMs: 4 * 24 * hourMs,
};

const threeInstances: GroupSettings = {
  maxSize: 3,
  onDemandBase: 1,
  spotAbove: true,
  warm: 0,
  protectFromScaleIn: false,
};

/** A worker that takes a film as one piece. */
const wholeFilms: WorkerTraits = {
  visibilityMs: 600_000,
  holds: false,
  protects: false,
  givesBack: false,
  inParts: false,
  workersPerFilm: 1,
};

/**
 * A public farm for match footage of the same size: target tracking on the messages that are visible, with the target 1; alarms of its own on
 * the group, of which one ends all instances after ten minutes without a visible message; a fixed visibility timeout of 10 minutes.
 * Assumed: an instance more for each minute with visible messages, five minutes apart (the default cooldown of a group).
 */
export function visibleCount(): Policy {
  return {
    name: 'visible count',
    cloud: { ...queues, traits: wholeFilms, group: threeInstances },
    start({ timeline, random, metrics, service, group }) {
      const visible = `AWS/SQS ApproximateNumberOfMessagesVisible ${queues.queueNames.jobs}`;
      const metric = {
        namespace: 'AWS/SQS',
        metricName: 'ApproximateNumberOfMessagesVisible',
        dimensions: [{ value: queues.queueNames.jobs }],
      };
      startTracking(
        service,
        metrics,
        {
          queries: [
            { id: 'visible', metricStat: { metric }, returnData: false },
            { id: 'tracked', expression: 'visible', returnData: true },
          ],
          // At the target counts as above it: taken strictly, a single message would never wake this farm.
          target: 1 - 1e-6,
          minCapacity: 0,
          maxCapacity: threeInstances.maxSize,
          outCooldownMs: 300_000,
          inCooldownMs: 300_000,
        },
        { timeline, random: random.fork() },
      );
      let addedAtMs = Number.NEGATIVE_INFINITY;
      timeline.every(minuteMs, () => {
        const minutes = metrics.last(visible, 12);
        if (rings(minutes.slice(-3), 1, (count) => count > 0)) {
          if (timeline.nowMs - addedAtMs < 300_000) return;
          addedAtMs = timeline.nowMs;
          group?.setDesired(group.desired + 1);
        } else if (rings(minutes, 10, (count) => count === 0) && group && group.desired > 0) {
          group.setDesired(0);
        }
      });
      return {};
    },
  };
}

/** One instance for each job, up to three; each ends itself when a long poll of 20 s has brought nothing. */
export function instancePerJob(): Policy {
  return {
    name: 'instance per job',
    cloud: {
      ...queues,
      traits: { ...wholeFilms, holds: true, visibilityMs: 120_000 },
      group: threeInstances,
    },
    start({ timeline, service, group }) {
      return {
        sent() {
          if (!group || group.desired >= group.settings.maxSize) return;
          group.setDesired(group.desired + 1);
          service.setDesired(service.desired + 1);
        },
        idle(task) {
          const { worker } = task;
          timeline.after(20_000, () => {
            if (!task.machine || task.state !== 'running' || !worker || worker.isBusy) return;
            service.setDesired(service.desired - 1);
            group?.terminate(task.machine.id);
          });
        },
      };
    },
  };
}

/** One worker that always runs. */
export function alwaysOn(traits: WorkerTraits): Policy {
  return {
    name: 'one always on',
    isAlwaysOn: true,
    cloud: {
      ...queues,
      traits: { ...traits, workersPerFilm: 1 },
      group: { ...threeInstances, maxSize: 1, onDemandBase: 1 },
    },
    start({ service, group }) {
      group?.setDesired(1);
      service.setDesired(1);
      return {};
    },
  };
}
