import { createWaker } from '../../infra/scaling/waker.ts';
import { rings } from './alarm.ts';
import { awsClients } from './aws.ts';
import type { Cloud, CloudSettings } from './cloud.ts';
import { hourMs, minuteMs, waker as wakerConstants } from './constants.ts';
import type { GroupSettings } from './group.ts';
import { startManagedScaling } from './managed-scaling.ts';
import type { Task } from './service.ts';
import type { Stack } from './stack.ts';
import { startTracking } from './tracking.ts';
import type { WorkerTraits } from './worker.ts';

/** A way to have the right number of workers. */
export interface Policy {
  name: string;
  cloud: CloudSettings;
  /** Its workers are there for good: nobody waits for the last to go. */
  isAlwaysOn?: boolean;
  start(cloud: Cloud): PolicyEvents;
}

export interface PolicyEvents {
  /** A job was sent: through the topic, where there is one. */
  sent?(): void;
  /** A worker has found nothing in the queue. */
  idle?(task: Task): void;
}

const queues = {
  queueNames: { jobs: 'jobs', help: 'parts' },
  /** SQS' default. */
  retentionMs: 4 * 24 * hourMs,
};

/** This farm as a stack file makes it: its own waker, target tracking and managed scaling, each with the settings that the program gives it. */
export function farmPolicy(stack: Stack, name = 'this farm'): Policy {
  const { gpu, traits } = stack;
  return {
    name,
    isAlwaysOn: stack.waker.rules.minTasks > 0,
    cloud: {
      queueNames: stack.queueNames,
      retentionMs: stack.retentionMs,
      traits,
      ...(gpu && { group: gpu.group }),
    },
    start(cloud) {
      const { timeline, service, group, metrics } = cloud;
      const random = cloud.random.fork();
      metrics.measure(serviceKey(stack), () => service.running.length || undefined);
      service.setDesired(stack.waker.rules.minTasks);
      startTracking(service, metrics, stack.tracking, { timeline, random: random.fork() });
      if (gpu && group) {
        startManagedScaling(group, service, gpu.managedScaling, { timeline, random: random.fork() });
      }
      const waker = createWaker(
        awsClients(cloud),
        stack.waker,
        () => timeline.nowMs,
        () => undefined,
      );
      let busyUntilMs = 0;
      const call = async (event: Parameters<typeof waker>[0]) => {
        // One at a time: what the topic has meanwhile is tried again later, and the next minute's call has seen it by then.
        if (timeline.nowMs < busyUntilMs) return;
        busyUntilMs = timeline.nowMs + wakerConstants.callMs;
        await waker(event);
      };
      timeline.every(minuteMs, () => call({}), random.within({ minMs: 0, maxMs: minuteMs }));
      return {
        sent() {
          const Timestamp = new Date(timeline.nowMs).toISOString();
          const event = { Records: [{ Sns: { Message: '{}', Timestamp } }] };
          timeline.after(random.within(wakerConstants.topic), () => call(event));
        },
      };
    },
  };
}

/** The key of the metric that counts running tasks, as the stack's tracking asks for it. */
function serviceKey({ tracking }: Stack): string {
  const query = tracking.queries.find(({ metricStat }) => metricStat?.metric.namespace === 'AWS/ECS');
  const { namespace, metricName, dimensions } = query?.metricStat?.metric ?? {};
  return `${namespace} ${metricName} ${dimensions?.at(-1)?.value}`;
}

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
