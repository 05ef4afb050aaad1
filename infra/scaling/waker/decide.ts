/**
 * When the farm wakes and when it sleeps: one pure function from what is seen to what is to be done. It runs once a minute, and whenever
 * jobs are announced.
 *
 * Who owns which direction. No two controllers change the same number in the same direction:
 *
 *   tasks, up                           this: to what the backlog can use, within a minute of a burst of jobs or parts
 *   tasks, down, while there is backlog target tracking (its metric never asks for more, see `tracking.ts`); never to none
 *   tasks, down, when all is quiet      this: soon to one, later to the minimum
 *   instances, up                       this: at once, as many as the tasks need; ECS managed scaling, minutes later, what is left
 *   instances, down                     this, minutes after the last task; managed scaling takes 15 to do the same
 *   broken instances                    this, at once
 */
export function decide(observed: Observed, rules: Rules): Decision {
  const { atMs, service } = observed;
  const remembered = remember(observed);
  const wanted = wantedTasks(remembered, observed, rules);
  const isRaise = wanted !== undefined && wanted.count > service.desired;
  const memory = isRaise ? { ...remembered, raisedAtMs: atMs } : remembered;
  const desired = wanted?.count ?? service.desired;
  const order = missingInstances(observed, desired, rules);
  const broken = brokenInstances(observed, desired, rules);
  const ending = sparedInstances(observed, memory, desired, rules);
  const actions: Action[] = [
    ...(wanted ? [{ kind: 'set-desired-count' as const, ...wanted }] : []),
    ...(order ? [{ kind: 'order-instances' as const, ...order }] : []),
    ...broken,
    ...ending.map(({ instance, reason }) => ({
      kind: 'end-instance' as const,
      instanceId: instance.id,
      containerInstanceArn: instance.containerInstanceArn,
      reason,
    })),
  ];
  const since = memory.quietSinceMs === undefined ? '' : `, quiet for ${seconds(atMs - memory.quietSinceMs)}`;
  return {
    actions,
    memory,
    reason: `backlog of ${Math.max(observed.backlog, observed.announced)}, ${service.running} of ${service.desired} tasks run, ${observed.instances.length} instances${since}`,
  };
}

export interface Observed {
  /** Milliseconds since 1970. */
  atMs: number;
  /** Messages of all queues: waiting, delayed and in flight. */
  backlog: number;
  /** Those of them that are delayed: retries before their time, which no worker can take yet. */
  delayed: number;
  /** Jobs just announced, which the queues may not count yet. */
  announced: number;
  /** Workers that the door has just asked for; the queues may not count yet what they are for. */
  asked: number;
  service: {
    desired: number;
    running: number;
    /** Tasks that their workers protect from scale-in, as they are busy. */
    protected: number;
  };
  /** Of the Auto Scaling group; empty on Fargate. */
  instances: Instance[];
  /** How many instances the group shall have, and may; undefined on Fargate. */
  groupSize?: { desired: number; max: number };
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
  /** A worker on it ended because the machine does not work. */
  broken: boolean;
  /** Running and starting. */
  tasks: number;
}

/** What no AWS API says: since when there has been nothing to do. Kept from one run to the next; losing it only delays sleep. */
export interface Memory {
  /** Since when there has been no backlog. */
  quietSinceMs?: number;
  /** When tasks were last added. */
  raisedAtMs?: number;
  /** Instances without a task, by EC2 id, and since when. */
  idleSinceMs: Record<string, number>;
}

export interface Rules {
  minTasks: number;
  /** At least 1. */
  maxTasks: number;
  backlogPerTask: number;
  /**
   * Workers for a film that no worker has opened yet, while none runs. Where workers take minutes to start, those that are only called by the
   * first one may come too late to be of much help.
   */
  wakeWorkers: number;
  /** Tasks that the largest instance of the group has room for: fewer instances are never too many. */
  tasksPerInstance: number;
  /** Pause after adding tasks until more are added to those that run. */
  scaleOutPauseMs: number;
  /** No backlog for this long: all tasks above the minimum but one go. */
  spareMs: number;
  /** No backlog for this long: sleep. */
  idleMs: number;
  /** An instance without a task for this long is ended. */
  idleInstanceMs: number;
  /** An instance that has not joined the cluster for this long never will. */
  joinMs: number;
}

export type Action =
  | { kind: 'set-desired-count'; count: number; reason: string }
  | { kind: 'order-instances'; count: number; reason: string }
  | { kind: 'end-instance'; instanceId: string; containerInstanceArn?: string; reason: string }
  | BrokenInstance;

/** Takes no new task; ends as soon as it has none. */
interface BrokenInstance {
  kind: 'end-broken-instance';
  instanceId: string;
  containerInstanceArn?: string;
  /** The group starts another in its place. */
  replace: boolean;
}

export interface Decision {
  actions: Action[];
  memory: Memory;
  /** What was seen, for the log. */
  reason: string;
}

export const nothingRemembered: Memory = { idleSinceMs: {} };

function remember({ atMs, backlog, announced, asked, instances, memory }: Observed): Memory {
  const idle = instances.filter(({ tasks }) => tasks === 0);
  const { raisedAtMs } = memory;
  const kept: Memory = {
    ...(raisedAtMs !== undefined && { raisedAtMs }),
    idleSinceMs: Object.fromEntries(idle.map(({ id }) => [id, memory.idleSinceMs[id] ?? atMs])),
  };
  if (backlog > 0 || announced > 0 || asked > 0) return kept;
  return { quietSinceMs: memory.quietSinceMs ?? atMs, ...kept };
}

function wantedTasks(
  { quietSinceMs, raisedAtMs = Number.NEGATIVE_INFINITY }: Memory,
  { atMs, backlog, delayed, announced, asked, service }: Observed,
  { minTasks, maxTasks, backlogPerTask, wakeWorkers, scaleOutPauseMs, spareMs, idleMs }: Rules,
): { count: number; reason: string } | undefined {
  const { desired } = service;
  // A number for the whole backlog: tasks on their way are not asked for twice. Retries before their time need no worker yet, but
  // where there is nothing else one worker for them.
  const usable = Math.max(backlog - delayed, announced, Math.min(backlog, 1));
  // While no worker runs, none has said how many a film can use; the door says it.
  const useful = service.running === 0 && asked === 0 ? usable * wakeWorkers : usable;
  const count = Math.min(maxTasks, Math.max(minTasks, asked, Math.ceil(useful / backlogPerTask)));
  const noneRuns = service.running === 0 || desired === 0;
  if (count > desired && (noneRuns || desired < minTasks || atMs - raisedAtMs >= scaleOutPauseMs)) {
    return {
      count,
      reason:
        asked > 0
          ? `${asked} are asked for`
          : usable > 0
            ? `backlog of ${usable}`
            : `at least ${minTasks} must run`,
    };
  }
  // A worker that has deleted its message may still be writing its report: it says so by its protection.
  if (quietSinceMs === undefined || service.protected > 0 || desired <= minTasks) return undefined;
  const quietMs = atMs - quietSinceMs;
  const reason = `no backlog for ${seconds(quietMs)}`;
  if (quietMs >= idleMs) return { count: minTasks, reason };
  // One is enough to take the next job at once; those that helped it are started again sooner than they pay to wait.
  const kept = Math.max(minTasks, 1);
  return quietMs >= spareMs && desired > kept ? { count: kept, reason } : undefined;
}

/**
 * The group's size for all tasks that are wanted, if it is smaller. Managed scaling would come to the same, but its metric and alarm take one to
 * two minutes, and in its steps the next instance waits until the last one is warm. It does not order these a second time: it adds none
 * while any is within its warm-up (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-scaling-behavior.html).
 */
function missingInstances(
  { groupSize }: Observed,
  desiredTasks: number,
  { tasksPerInstance }: Rules,
): { count: number; reason: string } | undefined {
  if (!groupSize) return undefined;
  const count = Math.min(groupSize.max, Math.ceil(desiredTasks / tasksPerInstance));
  return count > groupSize.desired ? { count, reason: `${desiredTasks} tasks are wanted` } : undefined;
}

/** ECS would start the next worker on the same broken machine. */
function brokenInstances(
  { instances, groupSize }: Observed,
  desired: number,
  { tasksPerInstance }: Rules,
): BrokenInstance[] {
  const needed = Math.ceil(desired / tasksPerInstance);
  return instances
    .filter(({ broken }) => broken)
    .map(({ id, containerInstanceArn }) => ({
      kind: 'end-broken-instance',
      instanceId: id,
      containerInstanceArn,
      replace: (groupSize?.desired ?? 0) <= needed,
    }));
}

/** Instances to end: without a task for long enough, and none waits that could go there. */
function sparedInstances(
  { atMs, instances }: Observed,
  { idleSinceMs }: Memory,
  desired: number,
  { idleInstanceMs, joinMs }: Rules,
) {
  const idle = instances
    .filter(({ tasks, broken }) => tasks === 0 && !broken)
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
