import { createCloud } from './cloud.ts';
import { hourMs, minuteMs } from './constants.ts';
import { Film, workOfParts } from './film.ts';
import type { Machine } from './group.ts';
import type { Policy, PolicyEvents } from './policies.ts';
import { Random } from './random.ts';
import { Timeline } from './timeline.ts';
import type { Work } from './worker.ts';
import type { Workload } from './workloads.ts';

export interface Run {
  policy: string;
  workload: string;
  films: Film[];
  machines: readonly Machine[];
  /** Every stretch of work, in the order in which they ended. */
  work: Work[];
  /** Once a minute, while anything goes on. */
  minutes: Minute[];
  endMs: number;
}

export interface Minute {
  atMs: number;
  /** Films that no worker has begun. */
  waiting: number;
  instances: number;
  busy: number;
}

export interface SimulationOptions {
  policy: Policy;
  workload: Workload;
  /** Seconds of film in a second of a worker's work. */
  speed: number;
  seed: number;
}

/** Whatever is not done so long after the last film's arrival never will be: queues keep no message for longer. */
const longestMs = 15 * 24 * hourMs;

/** Runs a workload under a policy, until all films are done and all instances gone that are not there for good. */
export async function simulate({ policy, workload, speed, seed }: SimulationOptions): Promise<Run> {
  const timeline = new Timeline();
  const films: Film[] = [];
  const work: Work[] = [];
  const minutes: Minute[] = [];
  let done = 0;
  let events: PolicyEvents = {};
  const cloud = createCloud(
    { ...policy.cloud, ...(workload.storms && { storms: workload.storms }) },
    { timeline, random: new Random(seed) },
    {
      onFilmDone: () => {
        done += 1;
      },
      onWork: (stretch) => work.push(stretch),
      onIdle: (task) => events.idle?.(task),
    },
  );
  events = policy.start(cloud);
  const partSeconds = policy.cloud.traits.inParts ? undefined : Number.POSITIVE_INFINITY;
  for (const [id, { atMs, seconds }] of workload.films.entries()) {
    timeline.at(atMs, () => {
      const film = new Film(id, atMs, workOfParts(seconds, speed, partSeconds));
      films.push(film);
      cloud.jobs.send('job', film);
      events.sent?.();
    });
  }
  timeline.every(minuteMs, () => {
    const running = cloud.machines().filter(({ endedAtMs }) => endedAtMs === undefined).length;
    // The minute in which the last one goes is drawn as well.
    if (running > 0 || cloud.jobs.length > 0 || minutes.at(-1)?.instances) {
      const busy = cloud.service.running.filter(({ worker }) => worker?.isBusy).length;
      minutes.push({ atMs: timeline.nowMs, waiting: cloud.jobs.length, instances: running, busy });
    }
    const allDone = done === workload.films.length && cloud.jobs.inFlight + cloud.parts.inFlight === 0;
    const asleep = running === 0 || policy.isAlwaysOn === true;
    if (allDone && asleep && timeline.nowMs >= workload.untilMs) timeline.stop();
  });
  await timeline.run(workload.untilMs + longestMs);
  return {
    policy: policy.name,
    workload: workload.name,
    films,
    machines: cloud.machines(),
    work,
    minutes,
    endMs: timeline.nowMs,
  };
}
