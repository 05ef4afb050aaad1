import { plausible, type Starts } from './constants.ts';
import type { Film } from './film.ts';
import { Group, type GroupSettings, type Machine, type SpotStorm } from './group.ts';
import { Metrics } from './metrics.ts';
import { Queue } from './queue.ts';
import type { Random } from './random.ts';
import { Service, type Task } from './service.ts';
import type { Timeline } from './timeline.ts';
import type { WorkerTraits } from './traits.ts';
import type { WorkerWorld } from './worker.ts';

export interface CloudSettings {
  queueNames: { jobs: string; parts: string };
  retentionMs: number;
  /** None on Fargate. */
  group?: GroupSettings;
  traits: WorkerTraits;
  /** Default: plausible. */
  starts?: Starts;
  storms?: readonly SpotStorm[];
}

/** The parts of AWS that a farm uses, wired up; a policy moves them. */
export interface Cloud {
  timeline: Timeline;
  random: Random;
  jobs: Queue;
  parts: Queue;
  metrics: Metrics;
  group?: Group;
  service: Service;
  /** Everything that was paid for. */
  machines(): readonly Machine[];
}

export interface CloudEvents {
  onFilmDone(film: Film): void;
  onWork?: WorkerWorld['onWork'];
  /** A worker has found nothing in the queue. */
  onIdle?(task: Task): void;
}

export function createCloud(
  settings: CloudSettings,
  { timeline, random }: { timeline: Timeline; random: Random },
  { onFilmDone, onWork, onIdle }: CloudEvents,
): Cloud {
  const { starts = plausible } = settings;
  const jobs = new Queue(settings.queueNames.jobs, settings.retentionMs, timeline, random.fork());
  const parts = new Queue(settings.queueNames.parts, settings.retentionMs, timeline, random.fork());
  const metrics = new Metrics(timeline, random.fork());
  for (const queue of [jobs, parts]) metrics.measureQueue(queue);
  const service: Service = new Service(
    { launchType: settings.group ? 'EC2' : 'FARGATE', fargateStart: starts.fargate },
    { timeline, random: random.fork(), jobs, parts, traits: settings.traits, onFilmDone, onWork },
    () => group?.alive ?? [],
    onIdle,
  );
  const group = settings.group
    ? new Group(
        settings.group,
        { timeline, random: random.fork(), storms: settings.storms, starts },
        {
          joined: () => service.place(),
          noticed: (machine) => service.drain(machine),
          ended: (machine, cause) => service.machineEnded(machine, cause),
        },
      )
    : undefined;
  return {
    timeline,
    random,
    jobs,
    parts,
    metrics,
    group,
    service,
    machines: () => group?.machines ?? service.places,
  };
}
