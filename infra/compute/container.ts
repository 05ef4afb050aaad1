import type { WorkerEnvironment } from '../../worker/src/settings/environment.ts';
import type { TaskSize } from './capacity.ts';
import { scratchDirectory, workerUser } from './user-data.ts';

export interface ContainerArgs {
  image: string;
  environment: Partial<Record<keyof WorkerEnvironment, string>>;
  secrets: SecretReference[];
  task: TaskSize;
  logGroupName: string;
  region: string;
}

/** A variable that ECS reads from an SSM parameter. */
export interface SecretReference {
  name: string;
  parameterArn: string;
  version?: number;
}

export const containerName = 'worker';
export const scratchVolume = 'scratch';

/**
 * Seconds from SIGTERM to SIGKILL: the most that Fargate allows, and the notice that Spot gives. The worker uses them to finish or
 * give back its job.
 */
const stopTimeoutSeconds = 120;

/** The worker's container definition, as ECS' JSON has it. */
export function buildContainer({ image, environment, secrets, task, logGroupName, region }: ContainerArgs) {
  const isGpu = task.gpus > 0;
  return {
    name: containerName,
    image,
    essential: true,
    user: `${workerUser.uid}:${workerUser.gid}`,
    // Also with a GPU: runc closes the root only after NVIDIA's hooks have put in the driver's libraries.
    readonlyRootFilesystem: true,
    privileged: false,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
    stopTimeout: stopTimeoutSeconds,
    // The image's own, which ECS does not look at: the worker's event loop turns.
    healthCheck: {
      command: ['CMD', 'sh', '/app/worker/healthcheck.sh'],
      interval: 30,
      timeout: 5,
      retries: 3,
      startPeriod: 60,
    },
    mountPoints: [{ sourceVolume: scratchVolume, containerPath: scratchDirectory, readOnly: false }],
    environment: namedValues({
      ENCODER: isGpu ? 'nvenc' : 'x264',
      ...environment,
      WORK_DIR: `${scratchDirectory}/work`,
      // The rest of the file system is read-only.
      TMPDIR: scratchDirectory,
      // Without `video` the container gets no encoder and decoder (README of nvidia-container-toolkit).
      ...(isGpu && { NVIDIA_DRIVER_CAPABILITIES: 'compute,video,utility' }),
    }),
    ...referredSecrets(secrets),
    logConfiguration: toLogGroup(logGroupName, region, containerName),
    ...(isGpu && { resourceRequirements: [{ type: 'GPU', value: String(task.gpus) }] }),
  };
}

export function referredSecrets(secrets: readonly SecretReference[]) {
  const versions = secrets.flatMap(({ version }) => version ?? []);
  return {
    secrets: secrets.map(({ name, parameterArn }) => ({ name, valueFrom: parameterArn })),
    // ECS reads a secret when a task starts; a new value changes this label, and so rolls out new tasks.
    ...(versions.length > 0 && { dockerLabels: { 'transcode-farm.secret-versions': versions.join('.') } }),
  };
}

export function toLogGroup(group: string, region: string, streamPrefix: string) {
  return {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': group,
      'awslogs-region': region,
      'awslogs-stream-prefix': streamPrefix,
      // A task must not wait for its log.
      mode: 'non-blocking',
      'max-buffer-size': '4m',
    },
  };
}

/** Sorted, so that another order of the same values makes no new revision. */
export function namedValues(values: Readonly<Record<string, string | undefined>>) {
  return Object.entries(values)
    .flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
