import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FarmAddress } from './address.ts';
import { readGroup, readService } from './deployed.ts';
import type { Farm } from './farm.ts';

/** How many there are, by how far they are. */
export interface Fleet {
  wanted: number;
  starting: number;
  running: number;
}

/** What a farm works with. */
export interface Workers {
  tasks: Fleet;
  /** With `compute: gpu`; a task starts when its instance runs. `stopping` ones hold no worker. */
  instances?: Fleet & { stopping: number };
}

/** @returns undefined where it is unknown: outputs without a service, or a machine without `ps` */
export async function readWorkers(
  farm: Pick<Farm, 'ecs' | 'autoScaling'> & {
    address: Pick<FarmAddress, 'local' | 'clusterName' | 'serviceName' | 'groupName'>;
  },
): Promise<Workers | undefined> {
  const { local, groupName } = farm.address;
  if (local) return localWorkers(local.pid);
  const [service, group] = await Promise.all([
    readService(farm, farm.address),
    groupName ? readGroup(farm, groupName) : undefined,
  ]);
  if (service === undefined) return undefined;
  const { desiredCount = 0, pendingCount = 0, runningCount = 0 } = service;
  const tasks = { wanted: desiredCount, starting: pendingCount, running: runningCount };
  if (group === undefined) return { tasks };
  const count = (pattern: RegExp) =>
    (group.Instances ?? []).filter(({ LifecycleState }) => pattern.test(LifecycleState ?? '')).length;
  return {
    tasks,
    instances: {
      wanted: group.DesiredCapacity ?? 0,
      // https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
      starting: count(/^Pending/),
      running: count(/^InService$/),
      stopping: count(/^(Terminating|Terminated)/),
    },
  };
}

/** The children of the process that runs the farm. They start at once, and all that run are wanted. */
async function localWorkers(pid: number): Promise<Workers | undefined> {
  const listed = await promisify(execFile)('ps', ['-A', '-o', 'ppid=,args=']).catch(() => undefined);
  if (listed === undefined) return undefined;
  const running = countWorkers(listed.stdout, pid);
  return { tasks: { wanted: running, starting: 0, running } };
}

/** @param processes a line each: the parent's id, and the command line */
export function countWorkers(processes: string, farmPid: number): number {
  return processes
    .split('\n')
    .filter((line) => Number(/^\s*(\d+)/.exec(line)?.[1]) === farmPid)
    .filter((line) => line.includes('worker/src/main.ts')).length;
}
