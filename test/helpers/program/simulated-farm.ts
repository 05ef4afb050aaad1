import type { Farm } from '../../../infra/scaling/waker/farm.ts';
import { SimulatedAws } from '../../../tools/simulation/aws.ts';
import { type Cloud, createCloud } from '../../../tools/simulation/cloud.ts';
import { Film } from '../../../tools/simulation/film.ts';
import type { Machine } from '../../../tools/simulation/group.ts';
import { startManagedScaling } from '../../../tools/simulation/managed-scaling.ts';
import { Random } from '../../../tools/simulation/random.ts';
import type { Task } from '../../../tools/simulation/service.ts';
import { Timeline } from '../../../tools/simulation/timeline.ts';

export interface FarmOptions {
  minTasks?: number;
  maxTasks?: number;
  backlogPerTask?: number;
  /** Instances as on EC2, or none as on Fargate. */
  instances?: boolean;
  idleMinutes?: number;
  seed?: number;
}

const minuteMs = 60_000;
const queueNames = { jobs: 'jobs', parts: 'parts' };
const account = 'https://sqs.us-east-1.amazonaws.com/123456789012';

/** A farm in the simulated cloud (tools/simulation), for tests that call the waker themselves. Without target tracking. */
export class SimulatedFarm {
  readonly farm: Farm;
  readonly cloud: Cloud;
  readonly aws: SimulatedAws;
  /** Every call that changed something, such as `UpdateService 1`. */
  readonly calls: string[] = [];
  readonly films: Film[] = [];

  constructor(options: FarmOptions = {}) {
    const {
      minTasks = 0,
      maxTasks = 3,
      backlogPerTask = 1,
      instances = true,
      idleMinutes = 5,
      seed = 1,
    } = options;
    const timeline = new Timeline();
    const random = new Random(seed);
    this.cloud = createCloud(
      {
        queueNames,
        retentionMs: 14 * 24 * 60 * minuteMs,
        traits: {
          visibilityMs: 2 * minuteMs,
          holds: true,
          protects: true,
          givesBack: true,
          inParts: true,
          workersPerFilm: maxTasks,
        },
        ...(instances && {
          group: {
            maxSize: maxTasks,
            onDemandBase: maxTasks,
            spotAbove: false,
            warm: 0,
            protectFromScaleIn: true,
          },
        }),
      },
      { timeline, random },
      { onFilmDone: () => undefined },
    );
    const { group, service } = this.cloud;
    if (group) {
      startManagedScaling(
        group,
        service,
        { minimumStep: 1, maximumStep: 1, warmupMs: 3 * minuteMs },
        { timeline, random: random.fork() },
      );
    }
    service.setDesired(minTasks);
    this.aws = new SimulatedAws(this.cloud, (call) => this.calls.push(call));
    this.farm = {
      cluster: 'farm',
      service: 'worker',
      queueUrls: [`${account}/${queueNames.jobs}`, `${account}/${queueNames.parts}`],
      group: instances ? 'gpu' : undefined,
      memoryParameter: 'waker',
      rules: {
        minTasks,
        maxTasks,
        backlogPerTask,
        scaleOutPauseMs: 55_000,
        idleMs: idleMinutes * minuteMs,
        wakeWorkers: 1,
        tasksPerInstance: 1,
        spareMs: minuteMs,
        idleInstanceMs: 2 * minuteMs,
        joinMs: 10 * minuteMs,
      },
    };
  }

  get nowMs(): number {
    return this.cloud.timeline.nowMs;
  }

  get desired(): number {
    return this.cloud.service.desired;
  }

  get busy(): Task[] {
    return this.cloud.service.running.filter(({ worker }) => worker?.isBusy);
  }

  /** Instances that are there or on their way. */
  get machines(): readonly Machine[] {
    return this.cloud.group?.alive ?? [];
  }

  /** Messages that wait or are in flight. */
  get backlog(): number {
    return this.#queues.reduce((sum, { length, inFlight }) => sum + length + inFlight, 0);
  }

  /** The backlog without messages that SQS has not counted yet, which takes it up to a minute. */
  get countedBacklog(): number {
    return this.#queues.reduce((sum, { counted, inFlight }) => sum + counted + inFlight, 0);
  }

  get #queues() {
    return [this.cloud.jobs, this.cloud.parts];
  }

  /** Workers that films lost to scaling. */
  get interrupted(): number {
    return this.films.reduce((sum, { killedByScaling }) => sum + killedByScaling, 0);
  }

  /** @param workers that can share its work */
  submit(minutes: number, workers = 1): void {
    const parts = Array.from({ length: workers }, () => (minutes * minuteMs) / workers);
    const film = new Film(this.films.length, this.nowMs, parts);
    this.films.push(film);
    this.cloud.jobs.send('job', film);
  }

  pass(ms: number): Promise<void> {
    return this.cloud.timeline.run(this.nowMs + ms);
  }
}
