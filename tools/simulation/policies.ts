import { createWaker } from '../../infra/scaling/waker/waker.ts';
import { SimulatedAws } from './aws.ts';
import type { Cloud, CloudSettings } from './cloud.ts';
import { minuteMs, plausible, type Starts, waker as wakerConstants } from './constants.ts';
import { startManagedScaling } from './managed-scaling.ts';
import type { Task } from './service.ts';
import type { Stack } from './stack.ts';
import { startTracking } from './tracking.ts';

/** A way to have the right number of workers. */
export interface Policy {
  name: string;
  cloud: CloudSettings;
  /** Its workers always run, so the simulation does not wait for the last to end. */
  isAlwaysOn?: boolean;
  start(cloud: Cloud): PolicyEvents;
}

export interface PolicyEvents {
  /** A job was sent: through the topic, where there is one. */
  sent?(): void;
  /** A worker has found nothing in the queue. */
  idle?(task: Task): void;
}

/** This farm as a stack file makes it: its own waker, target tracking and managed scaling, each with the settings that the program gives it. */
export function farmPolicy(stack: Stack, name = 'this farm', starts: Starts = plausible): Policy {
  const { gpu, traits } = stack;
  return {
    name,
    isAlwaysOn: stack.waker.rules.minTasks > 0,
    cloud: {
      queueNames: stack.queueNames,
      retentionMs: stack.retentionMs,
      traits,
      starts,
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
        new SimulatedAws(cloud).clients,
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
          timeline.after(random.within(starts.topic), () => call(event));
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
