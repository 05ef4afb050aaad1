import type { WakerClients } from '../../infra/scaling/waker/farm.ts';
import type { Cloud } from './cloud.ts';

type Input = Record<string, unknown>;

/** The clients that the waker calls, answered by the simulated cloud. Operations by their API names. */
export function awsClients(cloud: Cloud): WakerClients {
  const answers = answersOf(cloud);
  const send = async (command: { input: unknown; constructor: { name: string } }) => {
    const operation = command.constructor.name.replace(/Command$/, '');
    const answer = answers[operation];
    if (!answer) throw new Error(`the waker calls ${operation}, which the simulation does not know`);
    return answer(command.input as Input);
  };
  const client = { send };
  return { sqs: client, ecs: client, autoScaling: client, ssm: client } as unknown as WakerClients;
}

function answersOf(cloud: Cloud): Record<string, (input: Input) => unknown> {
  const { service, group } = cloud;
  const alive = () => group?.alive ?? [];
  const joined = () => alive().filter(({ joinedAtMs }) => joinedAtMs !== undefined);
  let memory = '';
  return {
    GetParameter: () => ({ Parameter: { Value: memory } }),
    PutParameter: ({ Value }) => {
      memory = String(Value);
      return {};
    },
    GetQueueAttributes: ({ QueueUrl }) => {
      const queue = [cloud.jobs, cloud.help].find(({ name }) => String(QueueUrl).endsWith(`/${name}`));
      if (!queue) throw new Error(`there is no queue ${QueueUrl}`);
      queue.touch();
      return {
        Attributes: {
          ApproximateNumberOfMessages: String(queue.counted),
          ApproximateNumberOfMessagesNotVisible: String(queue.inFlight),
          ApproximateNumberOfMessagesDelayed: '0',
        },
      };
    },
    DescribeServices: () => ({
      services: [{ status: 'ACTIVE', desiredCount: service.desired, runningCount: service.running.length }],
    }),
    // No machine of the simulation breaks, so no stopped task is of interest.
    ListTasks: ({ desiredStatus }) => ({
      taskArns: desiredStatus === 'STOPPED' ? [] : service.tasks.map(({ arn }) => arn),
    }),
    GetTaskProtection: () => ({
      protectedTasks: service.tasks.map((task) => ({
        taskArn: task.arn,
        protectionEnabled: task.protected,
      })),
    }),
    UpdateService: ({ desiredCount }) => {
      service.setDesired(Number(desiredCount));
      return {};
    },
    DescribeAutoScalingGroups: () => ({
      AutoScalingGroups: [
        {
          DesiredCapacity: group?.desired,
          MaxSize: group?.settings.maxSize,
          Instances: alive().map(({ id, joinedAtMs }) => ({
            InstanceId: id,
            LifecycleState: joinedAtMs === undefined ? 'Pending' : 'InService',
          })),
        },
      ],
    }),
    SetDesiredCapacity: ({ DesiredCapacity }) => {
      group?.setDesired(Number(DesiredCapacity));
      return {};
    },
    ListContainerInstances: () => ({ containerInstanceArns: joined().map(({ arn }) => arn) }),
    DescribeContainerInstances: ({ containerInstances }) => ({
      containerInstances: joined()
        .filter(({ arn }) => (containerInstances as string[]).includes(arn))
        .map((machine) => ({
          containerInstanceArn: machine.arn,
          ec2InstanceId: machine.id,
          status: machine.draining ? 'DRAINING' : 'ACTIVE',
          runningTasksCount: service.taskOn(machine)?.state === 'running' ? 1 : 0,
          pendingTasksCount: service.taskOn(machine)?.state === 'starting' ? 1 : 0,
        })),
    }),
    UpdateContainerInstancesState: ({ containerInstances, status }) => {
      for (const machine of joined()) {
        if ((containerInstances as string[]).includes(machine.arn)) machine.draining = status === 'DRAINING';
      }
      return {};
    },
    TerminateInstanceInAutoScalingGroup: ({ InstanceId }) => {
      group?.terminate(String(InstanceId));
      return {};
    },
  };
}
