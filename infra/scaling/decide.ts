/**
 * When the farm wakes and when it sleeps: one pure function from what is seen to what is to be done. It runs once a minute, and whenever
 * jobs are announced.
 *
 * Who owns which direction, so that nobody undoes another's work:
 *
 *   tasks, while none runs     up: this           (target tracking stays neutral until a task runs)
 *   tasks, while some run      up and down: target tracking, as long as there is backlog; never to none
 *   tasks, when all is quiet   down to the minimum: this
 *   instances                  up: ECS managed scaling, for tasks that wait for a place
 *                              down: this, minutes after the last task; managed scaling takes 15 to do the same
 */
export function decide(observed: Observed, rules: Rules): Decision {
  const { atMs, service } = observed;
  const memory = remember(observed);
  const work = Math.max(observed.backlog, observed.announced);
  const wanted = wantedTasks(work, memory, observed, rules);
  const desired = wanted?.count ?? service.desired;
  const ending = sparedInstances(observed, memory, desired, rules);
  const actions: Action[] = [
    ...(wanted ? [{ type: 'set-desired-count' as const, ...wanted }] : []),
    ...ending.map(({ instance, reason }) => ({
      type: 'end-instance' as const,
      instanceId: instance.id,
      containerInstanceArn: instance.containerInstanceArn,
      reason,
    })),
  ];
  const since = memory.quietSinceMs === undefined ? '' : `, quiet for ${seconds(atMs - memory.quietSinceMs)}`;
  return {
    actions,
    memory,
    reason: `backlog of ${work}, ${service.running} of ${service.desired} tasks run, ${observed.instances.length} instances${since}`,
  };
}

export interface Observed {
  /** Milliseconds since 1970. */
  atMs: number;
  /** Messages of all queues: waiting, delayed and in flight. */
  backlog: number;
  /** Jobs just announced, which the queues may not count yet. */
  announced: number;
  service: {
    desired: number;
    running: number;
    /** Tasks that their workers protect from scale-in, as they are busy. */
    protected: number;
  };
  /** Of the Auto Scaling group; empty on Fargate. */
  instances: Instance[];
  /** What the last decision left. */
  memory: Memory;
}

export interface Instance {
  /** EC2's. */
  id: string;
  /** ECS'; undefined while the instance has not joined the cluster. */
  containerInstanceArn?: string;
  /** No new task is placed on it. */
  draining: boolean;
  /** Running and starting. */
  tasks: number;
}

/** What no AWS API tells: since when there has been nothing to do. Kept from one run to the next; losing it only delays sleep. */
export interface Memory {
  /** Since when there has been no backlog. */
  quietSinceMs?: number;
  /** Instances without a task, by EC2 id, and since when. */
  idleSinceMs: Record<string, number>;
}

export interface Rules {
  minTasks: number;
  /** At least 1. */
  maxTasks: number;
  backlogPerTask: number;
  /** No backlog for so long: sleep. */
  idleMs: number;
  /** An instance without a task for so long goes. */
  idleInstanceMs: number;
  /** An instance that has not joined the cluster for so long never will. */
  joinMs: number;
}

export type Action =
  | { type: 'set-desired-count'; count: number; reason: string }
  | { type: 'end-instance'; instanceId: string; containerInstanceArn?: string; reason: string };

export interface Decision {
  actions: Action[];
  memory: Memory;
  /** What was seen, for the log. */
  reason: string;
}

export const nothingRemembered: Memory = { idleSinceMs: {} };

function remember({ atMs, backlog, announced, instances, memory }: Observed): Memory {
  const idle = instances.filter(({ tasks }) => tasks === 0);
  const idleSinceMs = Object.fromEntries(idle.map(({ id }) => [id, memory.idleSinceMs[id] ?? atMs]));
  if (backlog > 0 || announced > 0) return { idleSinceMs };
  return { quietSinceMs: memory.quietSinceMs ?? atMs, idleSinceMs };
}

function wantedTasks(
  work: number,
  { quietSinceMs }: Memory,
  { atMs, service }: Observed,
  { minTasks, maxTasks, backlogPerTask, idleMs }: Rules,
): { count: number; reason: string } | undefined {
  if (work > 0 && (service.running === 0 || service.desired === 0)) {
    const count = Math.min(maxTasks, Math.max(minTasks, Math.ceil(work / backlogPerTask)));
    if (count > service.desired) return { count, reason: `backlog of ${work} and no task runs` };
  }
  if (service.desired < minTasks) return { count: minTasks, reason: `at least ${minTasks} must run` };
  // A worker that has deleted its message may still be writing its report: it says so by its protection.
  if (quietSinceMs === undefined || service.protected > 0 || service.desired <= minTasks) return undefined;
  if (atMs - quietSinceMs < idleMs) return undefined;
  return { count: minTasks, reason: `no backlog for ${seconds(atMs - quietSinceMs)}` };
}

/** Instances to end: without a task for long enough, and none waits that could go there. */
function sparedInstances(
  { atMs, instances }: Observed,
  { idleSinceMs }: Memory,
  desired: number,
  { idleInstanceMs, joinMs }: Rules,
) {
  const idle = instances
    .filter(({ tasks }) => tasks === 0)
    .map((instance) => ({ instance, idleMs: atMs - (idleSinceMs[instance.id] ?? atMs) }));
  const ended = idle.flatMap(({ instance, idleMs }) => {
    const joined = instance.containerInstanceArn !== undefined;
    if (!joined && idleMs >= joinMs) {
      return [{ instance, reason: `not in the cluster after ${seconds(idleMs)}` }];
    }
    return instance.draining && idleMs >= idleInstanceMs ? [{ instance, reason: 'drained' }] : [];
  });
  const usable = idle.filter(
    ({ instance }) => !instance.draining && !ended.some((end) => end.instance === instance),
  );
  const placed = instances.reduce((sum, { tasks }) => sum + tasks, 0);
  const spare = usable.length - Math.max(0, desired - placed);
  const spared = usable
    .filter(({ idleMs }) => idleMs >= idleInstanceMs)
    .sort((a, b) => b.idleMs - a.idleMs)
    .slice(0, Math.max(0, spare))
    .map(({ instance, idleMs }) => ({ instance, reason: `without a task for ${seconds(idleMs)}` }));
  return [...ended, ...spared];
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
