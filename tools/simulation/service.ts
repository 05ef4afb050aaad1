import { task as constants } from './constants.ts';
import type { Machine } from './group.ts';
import type { Random, Range } from './random.ts';
import type { Timeline } from './timeline.ts';
import { Worker, type WorkerWorld } from './worker.ts';

export interface Task {
  arn: string;
  /** Undefined while it waits for a place. */
  machine?: Machine;
  state: 'waiting' | 'starting' | 'running' | 'stopping';
  protected: boolean;
  worker?: Worker;
}

export interface ServiceSettings {
  /** Tasks that go to instances, or bring their own place. */
  launchType: 'EC2' | 'FARGATE';
  fargateStart: Range;
}

/** The ECS service of the workers: as many tasks as desired; those that are protected stay. One task fills an instance, as it wants a GPU. */
export class Service {
  desired = 0;
  tasks: Task[] = [];
  /** Tasks that ended because their worker found its machine broken. */
  readonly broken: { arn: string; machine: Machine; exitCode: number }[] = [];
  /** Of Fargate: what each task ran on. */
  readonly places: Machine[] = [];
  private made = 0;
  private readonly settings: ServiceSettings;
  private readonly world: WorkerWorld;
  private readonly timeline: Timeline;
  private readonly random: Random;
  private readonly machines: () => readonly Machine[];
  private readonly onIdle: (task: Task) => void;

  /**
   * @param machines that are alive
   * @param onIdle a worker has found nothing in the queue
   */
  constructor(
    settings: ServiceSettings,
    world: WorkerWorld & { random: Random },
    machines: () => readonly Machine[],
    onIdle: (task: Task) => void = () => undefined,
  ) {
    this.settings = settings;
    this.world = world;
    this.timeline = world.timeline;
    this.random = world.random.fork();
    this.machines = machines;
    this.onIdle = onIdle;
  }

  get running(): Task[] {
    return this.tasks.filter(({ state }) => state === 'running');
  }

  /** Tasks without a place. */
  get unplaced(): number {
    return this.tasks.filter(({ state }) => state === 'waiting').length;
  }

  taskOn(machine: Machine): Task | undefined {
    return this.tasks.find((task) => task.machine === machine);
  }

  setDesired(count: number): void {
    this.desired = count;
    this.timeline.after(this.random.within(constants.schedule), () => this.adjust());
  }

  /** A place is free. */
  place(): void {
    this.timeline.after(this.random.within(constants.place), () => this.placeNow());
  }

  /** Spot takes it in two minutes: its task is stopped in order, and no other comes there. */
  drain(machine: Machine): void {
    machine.draining = true;
    const task = this.taskOn(machine);
    if (task) this.stop(task, 'spot');
  }

  /** It is gone, and with it whatever ran there. */
  machineEnded(machine: Machine, cause: 'scaling' | 'spot'): void {
    const task = this.taskOn(machine);
    if (!task) return;
    task.worker?.kill(cause);
    this.forget(task);
  }

  /** A worker finds its machine broken, and ends. */
  breakDown(task: Task, exitCode: number): void {
    if (!task.machine) throw new Error(`${task.arn} has no machine yet`);
    this.broken.push({ arn: task.arn, machine: task.machine, exitCode });
    task.worker?.kill('scaling');
    this.forget(task);
  }

  /** Ends the whole of a task, busy or not. */
  stop(task: Task, cause: 'scaling' | 'spot'): void {
    if (task.state === 'stopping') return;
    task.state = 'stopping';
    if (task.worker) task.worker.stop(cause, () => this.forget(task));
    else this.forget(task);
  }

  private adjust(): void {
    const active = this.tasks.filter(({ state }) => state !== 'stopping');
    for (let count = active.length; count < this.desired; count++) {
      this.tasks.push({ arn: `task-${++this.made}`, state: 'waiting', protected: false });
    }
    const order = { waiting: 0, starting: 1, running: 2, stopping: 3 };
    const spare = active
      .filter((task) => !task.protected)
      .sort((a, b) => order[a.state] - order[b.state])
      .slice(0, Math.max(0, active.length - this.desired));
    for (const task of spare) this.stop(task, 'scaling');
    this.place();
  }

  private placeNow(): void {
    for (const task of this.tasks.filter(({ state }) => state === 'waiting')) {
      const machine = this.settings.launchType === 'FARGATE' ? this.makePlace() : this.freeMachine();
      if (!machine) return;
      task.machine = machine;
      task.state = 'starting';
      this.timeline.after(this.startMs(machine), () => this.begin(task, machine));
    }
  }

  private startMs(machine: Machine): number {
    if (this.settings.launchType === 'FARGATE') return this.random.within(this.settings.fargateStart);
    const pullMs = machine.hasImage ? 0 : this.random.within(constants.pull);
    return pullMs + this.random.within(constants.container);
  }

  private begin(task: Task, machine: Machine): void {
    machine.hasImage = true;
    if (task.state !== 'starting') return;
    task.state = 'running';
    const worker = new Worker(task.arn, machine.id, this.world, {
      protect: (on) => {
        task.protected = on;
        // ECS ends what is over the desired count once its protection ends.
        if (!on && this.tasks.length > this.desired)
          this.timeline.after(this.random.within(constants.schedule), () => this.adjust());
      },
      idle: () => this.onIdle(task),
    });
    task.worker = worker;
    this.timeline.after(this.random.within(constants.worker), () => {
      if (task.state === 'running') worker.poll();
    });
  }

  private freeMachine(): Machine | undefined {
    return this.machines().find(
      (machine) => machine.joinedAtMs !== undefined && !machine.draining && !this.taskOn(machine),
    );
  }

  private makePlace(): Machine {
    const id = `place-${this.places.length + 1}`;
    const { nowMs } = this.timeline;
    const place: Machine = {
      id,
      arn: id,
      isSpot: false,
      orderedAtMs: nowMs,
      joinedAtMs: nowMs,
      draining: false,
      hasImage: false,
    };
    this.places.push(place);
    return place;
  }

  private forget(task: Task): void {
    this.tasks = this.tasks.filter((other) => other !== task);
    if (this.settings.launchType === 'FARGATE' && task.machine) task.machine.endedAtMs = this.timeline.nowMs;
    this.timeline.after(this.random.within(constants.schedule), () => this.adjust());
  }
}
