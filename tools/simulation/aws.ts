import type { WakerClients } from '../../infra/scaling/waker/farm.ts';
import type { Cloud } from './cloud.ts';
import type { Machine } from './group.ts';
import type { Queue } from './queue.ts';

type Input = Record<string, unknown>;

/** The AWS APIs that the waker calls, answered by the simulated cloud. Operations by their API names. */
export class SimulatedAws {
  /** The waker's parameter. */
  memory = '';
  readonly #cloud: Cloud;
  readonly #onChange: (call: string) => void;

  /** @param onChange called with every call that changes the farm, such as `UpdateService 1` */
  constructor(cloud: Cloud, onChange: (call: string) => void = () => undefined) {
    this.#cloud = cloud;
    this.#onChange = onChange;
  }

  get clients(): WakerClients {
    const send = async (command: { input: unknown; constructor: { name: string } }) =>
      this.answer(command.constructor.name.replace(/Command$/, ''), command.input as Input);
    const client = { send };
    return { sqs: client, ecs: client, autoScaling: client, ssm: client } as unknown as WakerClients;
  }

  answer(operation: string, input: Input): unknown {
    const answer = this.#answers[operation];
    if (!answer) throw new Error(`the waker calls ${operation}, which the simulation does not know`);
    return answer(input);
  }

  readonly #answers: Record<string, (input: Input) => unknown> = {
    GetParameter: () => ({ Parameter: { Value: this.memory } }),
    PutParameter: ({ Value }) => {
      this.memory = String(Value);
      return {};
    },
    GetQueueAttributes: ({ QueueUrl }) => {
      const queue = this.#queueAt(String(QueueUrl));
      queue.touch();
      return {
        Attributes: {
          ApproximateNumberOfMessages: String(queue.counted),
          ApproximateNumberOfMessagesNotVisible: String(queue.inFlight),
          ApproximateNumberOfMessagesDelayed: '0',
        },
      };
    },
    DescribeServices: () => {
      const { desired, running } = this.#cloud.service;
      return { services: [{ status: 'ACTIVE', desiredCount: desired, runningCount: running.length }] };
    },
    ListTasks: ({ desiredStatus }) => {
      const { tasks, broken } = this.#cloud.service;
      return { taskArns: (desiredStatus === 'STOPPED' ? broken : tasks).map(({ arn }) => arn) };
    },
    DescribeTasks: ({ tasks }) => ({
      tasks: this.#cloud.service.broken
        .filter(({ arn }) => (tasks as string[]).includes(arn))
        .map(({ arn, machine, exitCode }) => ({
          taskArn: arn,
          containerInstanceArn: machine.arn,
          containers: [{ exitCode }],
        })),
    }),
    GetTaskProtection: () => ({
      protectedTasks: this.#cloud.service.tasks.map((task) => ({
        taskArn: task.arn,
        protectionEnabled: task.protected,
      })),
    }),
    UpdateService: ({ desiredCount }) => {
      this.#onChange(`UpdateService ${desiredCount}`);
      this.#cloud.service.setDesired(Number(desiredCount));
      return {};
    },
    DescribeAutoScalingGroups: () => ({
      AutoScalingGroups: [
        {
          DesiredCapacity: this.#cloud.group?.desired,
          MaxSize: this.#cloud.group?.settings.maxSize,
          Instances: this.#alive.map(({ id, joinedAtMs }) => ({
            InstanceId: id,
            LifecycleState: joinedAtMs === undefined ? 'Pending' : 'InService',
          })),
        },
      ],
    }),
    SetDesiredCapacity: ({ DesiredCapacity }) => {
      this.#onChange(`SetDesiredCapacity ${DesiredCapacity}`);
      this.#cloud.group?.setDesired(Number(DesiredCapacity));
      return {};
    },
    ListContainerInstances: () => ({ containerInstanceArns: this.#joined.map(({ arn }) => arn) }),
    DescribeContainerInstances: ({ containerInstances }) => ({
      containerInstances: this.#joined
        .filter(({ arn }) => (containerInstances as string[]).includes(arn))
        .map((machine) => ({
          containerInstanceArn: machine.arn,
          ec2InstanceId: machine.id,
          status: machine.draining ? 'DRAINING' : 'ACTIVE',
          runningTasksCount: this.#cloud.service.taskOn(machine)?.state === 'running' ? 1 : 0,
          pendingTasksCount: this.#cloud.service.taskOn(machine)?.state === 'starting' ? 1 : 0,
        })),
    }),
    UpdateContainerInstancesState: ({ containerInstances, status }) => {
      this.#onChange(`UpdateContainerInstancesState ${status}`);
      for (const machine of this.#joined) {
        if ((containerInstances as string[]).includes(machine.arn)) machine.draining = status === 'DRAINING';
      }
      return {};
    },
    TerminateInstanceInAutoScalingGroup: ({ InstanceId, ShouldDecrementDesiredCapacity }) => {
      this.#onChange(`Terminate ${InstanceId}${ShouldDecrementDesiredCapacity ? '' : ' and replace'}`);
      this.#cloud.group?.terminate(String(InstanceId), { replace: !ShouldDecrementDesiredCapacity });
      return {};
    },
  };

  get #alive(): readonly Machine[] {
    return this.#cloud.group?.alive ?? [];
  }

  get #joined(): readonly Machine[] {
    return this.#alive.filter(({ joinedAtMs }) => joinedAtMs !== undefined);
  }

  #queueAt(url: string): Queue {
    const { jobs, parts } = this.#cloud;
    const queue = [jobs, parts].find(({ name }) => url.endsWith(`/${name}`));
    if (!queue) throw new Error(`there is no queue ${url}`);
    return queue;
  }
}
