import type { Farm, WakerClients } from '../../../infra/scaling/waker/farm.ts';

type Input = Record<string, unknown>;

/** A film, or help with one; `workers` share its work, and a helper asks for nobody. */
interface Job {
  leftMs: number;
  workers: number;
}

interface Task {
  arn: string;
  instance?: string;
  /** Undefined until it runs. */
  job?: Job;
  state: 'waiting for a place' | 'running';
}

interface Machine {
  id: string;
  arn: string;
  joinsAtMs: number;
  draining: boolean;
}

export interface ModelOptions {
  minTasks?: number;
  maxTasks?: number;
  backlogPerTask?: number;
  /** Instances as on EC2, or none as on Fargate. */
  instances?: boolean;
  idleMinutes?: number;
}

/** How long an instance takes from its order to the cluster. */
const bootMs = 2 * 60_000;

/**
 * Queue, ECS service and Auto Scaling group as the waker meets them, in memory: they answer its calls and move on with time. Tasks are placed
 * and instances ordered as ECS does it with managed scaling in steps of one; target tracking takes tasks away while a task runs.
 */
export class FarmModel {
  nowMs = 1_000_000_000_000;
  desired: number;
  tasks: Task[] = [];
  /** Tasks whose worker ended by itself. */
  stopped: { arn: string; instance?: string; exitCode: number }[] = [];
  machines: Machine[] = [];
  waiting: Job[] = [];
  /** Help that films ask for, on a queue of its own. */
  parts: Job[] = [];
  memory = '{"idleSinceMs":{}}';
  /** Every call that changed something, such as `UpdateService 1`. */
  calls: string[] = [];
  /** Jobs that lost their worker to scaling. */
  interrupted = 0;
  readonly farm: Farm;
  private made = 0;
  private readonly options: Required<ModelOptions>;

  constructor({
    minTasks = 0,
    maxTasks = 3,
    backlogPerTask = 1,
    instances = true,
    idleMinutes = 5,
  }: ModelOptions = {}) {
    this.options = { minTasks, maxTasks, backlogPerTask, instances, idleMinutes };
    this.desired = minTasks;
    this.farm = {
      cluster: 'farm',
      service: 'worker',
      queueUrls: [
        'https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
        'https://sqs.us-east-1.amazonaws.com/123456789012/parts',
      ],
      group: instances ? 'gpu' : undefined,
      memoryParameter: 'waker',
      rules: {
        minTasks,
        maxTasks,
        backlogPerTask,
        scaleOutPauseMs: 55_000,
        idleMs: idleMinutes * 60_000,
        wakeWorkers: 1,
        tasksPerInstance: 1,
        spareMs: 60_000,
        idleInstanceMs: 120_000,
        joinMs: 600_000,
      },
    };
  }

  get clients(): WakerClients {
    const send = async (command: { input: unknown; constructor: { name: string } }) =>
      this.answer(command.constructor.name.replace(/Command$/, ''), command.input as Input);
    const client = { send };
    return { sqs: client, ecs: client, autoScaling: client, ssm: client } as unknown as WakerClients;
  }

  get running(): Task[] {
    return this.tasks.filter(({ state }) => state === 'running');
  }

  get busy(): Task[] {
    return this.tasks.filter(({ job }) => job);
  }

  get backlog(): number {
    return this.waiting.length + this.parts.length + this.busy.length;
  }

  /** A film of so many minutes of work, which up to so many workers can share. */
  submit(minutes: number, workers = 1): void {
    this.waiting.push({ leftMs: minutes * 60_000, workers });
  }

  pass(ms: number): void {
    this.nowMs += ms;
    for (const task of this.running) {
      if (task.job) task.job.leftMs -= ms;
      if (task.job && task.job.leftMs <= 0) task.job = undefined;
      task.job ??= this.parts.shift() ?? this.take();
    }
    this.track();
    this.schedule();
    if (this.options.instances) this.order();
  }

  /** What AWS answers. Operations by their API names. */
  answer(operation: string, input: Input): unknown {
    const answer = this.answers[operation];
    if (!answer) throw new Error(`the waker called ${operation}, which the model does not know`);
    return answer(input);
  }

  private readonly answers: Record<string, (input: Input) => unknown> = {
    GetParameter: () => ({ Parameter: { Value: this.memory } }),
    PutParameter: ({ Value }) => {
      this.memory = String(Value);
      return {};
    },
    GetQueueAttributes: ({ QueueUrl }) => {
      const isParts = String(QueueUrl).endsWith('/parts');
      return {
        Attributes: {
          ApproximateNumberOfMessages: String((isParts ? this.parts : this.waiting).length),
          ApproximateNumberOfMessagesNotVisible: String(isParts ? 0 : this.busy.length),
          ApproximateNumberOfMessagesDelayed: '0',
        },
      };
    },
    DescribeServices: () => ({
      services: [{ status: 'ACTIVE', desiredCount: this.desired, runningCount: this.running.length }],
    }),
    ListTasks: ({ desiredStatus }) => ({
      taskArns: (desiredStatus === 'STOPPED' ? this.stopped : this.tasks).map(({ arn }) => arn),
    }),
    DescribeTasks: ({ tasks }) => ({
      tasks: this.stopped
        .filter(({ arn }) => (tasks as string[]).includes(arn))
        .map(({ arn, instance, exitCode }) => ({
          taskArn: arn,
          containerInstanceArn: this.machines.find(({ id }) => id === instance)?.arn ?? 'arn:gone',
          containers: [{ exitCode }],
        })),
    }),
    GetTaskProtection: () => ({
      protectedTasks: this.tasks.map(({ arn, job }) => ({ taskArn: arn, protectionEnabled: Boolean(job) })),
    }),
    UpdateService: ({ desiredCount }) => {
      this.calls.push(`UpdateService ${desiredCount}`);
      this.desired = Number(desiredCount);
      this.schedule();
      return {};
    },
    DescribeAutoScalingGroups: () => ({
      AutoScalingGroups: [
        {
          DesiredCapacity: this.machines.length,
          MaxSize: this.options.maxTasks,
          Instances: this.machines.map(({ id }) => ({ InstanceId: id, LifecycleState: 'InService' })),
        },
      ],
    }),
    SetDesiredCapacity: ({ DesiredCapacity }) => {
      this.calls.push(`SetDesiredCapacity ${DesiredCapacity}`);
      while (this.machines.length < Number(DesiredCapacity)) this.launch();
      return {};
    },
    ListContainerInstances: () => ({ containerInstanceArns: this.joined().map(({ arn }) => arn) }),
    DescribeContainerInstances: ({ containerInstances }) => ({
      containerInstances: this.joined()
        .filter(({ arn }) => (containerInstances as string[]).includes(arn))
        .map(({ id, arn, draining }) => ({
          containerInstanceArn: arn,
          ec2InstanceId: id,
          status: draining ? 'DRAINING' : 'ACTIVE',
          runningTasksCount: this.tasks.filter(({ instance }) => instance === id).length,
          pendingTasksCount: 0,
        })),
    }),
    UpdateContainerInstancesState: ({ containerInstances, status }) => {
      this.calls.push(`UpdateContainerInstancesState ${status}`);
      for (const machine of this.machines) {
        if ((containerInstances as string[]).includes(machine.arn)) machine.draining = status === 'DRAINING';
      }
      return {};
    },
    TerminateInstanceInAutoScalingGroup: ({ InstanceId, ShouldDecrementDesiredCapacity }) => {
      this.calls.push(`Terminate ${InstanceId}${ShouldDecrementDesiredCapacity ? '' : ' and replace'}`);
      this.machines = this.machines.filter(({ id }) => id !== InstanceId);
      if (!ShouldDecrementDesiredCapacity) this.launch();
      this.stop(this.tasks.filter(({ instance }) => instance === InstanceId));
      return {};
    },
  };

  /** The next film, whose worker sends part requests at once. */
  private take(): Job | undefined {
    const job = this.waiting.shift();
    if (!job) return undefined;
    const { leftMs, workers } = job;
    const share = { leftMs: leftMs / workers, workers: 1 };
    this.parts.push(...Array.from({ length: workers - 1 }, () => ({ ...share })));
    return share;
  }

  private joined(): Machine[] {
    return this.machines.filter(({ joinsAtMs }) => joinsAtMs <= this.nowMs);
  }

  /** Target tracking: takes tasks away, and is neutral while nothing runs or nothing is to be done. */
  private track(): void {
    if (this.running.length === 0 || this.backlog === 0) return;
    const { backlogPerTask, minTasks } = this.options;
    const needed = Math.max(minTasks, Math.ceil(this.backlog / backlogPerTask));
    this.desired = Math.min(this.desired, needed);
  }

  /** ECS: as many tasks as desired; protected ones, which are the busy ones, stay. */
  private schedule(): void {
    while (this.tasks.length < this.desired) {
      this.tasks.push({ arn: `task-${++this.made}`, state: 'waiting for a place' });
    }
    const spare = this.tasks
      .filter(({ job }) => !job)
      .slice(0, Math.max(0, this.tasks.length - this.desired));
    this.stop(spare);
    for (const task of this.tasks.filter(({ state }) => state === 'waiting for a place')) {
      const place = this.joined().find(
        ({ id, draining }) => !draining && !this.tasks.some(({ instance }) => instance === id),
      );
      if (this.options.instances && !place) continue;
      task.instance = place?.id;
      task.state = 'running';
    }
  }

  private order(): void {
    const waiting = this.tasks.filter(({ state }) => state === 'waiting for a place').length;
    const coming = this.machines.filter(({ joinsAtMs }) => joinsAtMs > this.nowMs).length;
    if (coming > 0 || waiting === 0 || this.machines.length >= this.options.maxTasks) return;
    this.launch();
  }

  private launch(): void {
    const id = `i-${++this.made}`;
    this.machines.push({ id, arn: `arn:${id}`, joinsAtMs: this.nowMs + bootMs, draining: false });
  }

  private stop(tasks: readonly Task[]): void {
    for (const task of tasks) {
      if (task.job) {
        this.interrupted += 1;
        this.waiting.push(task.job);
      }
    }
    this.tasks = this.tasks.filter((task) => !tasks.includes(task));
  }
}
