import type { Farm } from '../../infra/scaling/waker/farm.ts';
import { environmentSchema } from '../../worker/src/settings/environment.ts';
import { environmentOf, type FarmRecording, isWorkersOwn, recordFarm } from '../program-run/farm.ts';
import type { Inputs } from '../program-run/registered.ts';
import { loadStack } from '../program-run/stacks.ts';
import type { GroupSettings } from './group.ts';
import type { ManagedScalingSettings } from './managed-scaling.ts';
import type { MetricQuery } from './metrics.ts';
import type { TrackingSettings } from './tracking.ts';
import type { WorkerTraits } from './traits.ts';

/** What a stack file makes of a farm, as far as scaling goes: read from the resources that the program registers for it. */
export interface Stack {
  file: string;
  /** The waker's own settings, as its function gets them. */
  waker: Farm;
  tracking: TrackingSettings;
  queueNames: { jobs: string; parts: string };
  /** How long a job waits until it is dropped. */
  retentionMs: number;
  traits: WorkerTraits;
  /** vCPUs of a task: what x264 has. */
  vcpus: number;
  /** Of the encoder. */
  preset: string;
  /** None with Fargate. */
  gpu?: { group: GroupSettings; managedScaling: ManagedScalingSettings; instanceTypes: string[] };
}

/**
 * Without priority lanes: the usual one is simulated here, and all of them in urgent-films.ts.
 * @param file from the repository's root, such as `stacks/match-footage.yaml`
 */
export async function readStack(
  file: string,
  changes: Record<string, string | undefined> = {},
): Promise<Stack> {
  const recording = await recordFarm(loadStack(file, { lanes: '[]', ...changes }));
  const environment = environmentOf(recording);
  const { variables } = inputsOf(recording, 'aws:lambda/function:Function', 'farm-waker').environment as {
    variables: { FARM: string };
  };
  const definition = inputsOf(recording, 'aws:ecs/taskDefinition:TaskDefinition');
  const groups = recording.resources.filter(({ type }) => type === 'aws:autoscaling/group:Group');
  return {
    file,
    waker: JSON.parse(variables.FARM) as Farm,
    tracking: readTracking(recording),
    queueNames: {
      jobs: nameOf(environment.QUEUE_URL),
      parts: nameOf(environment.PARTS_QUEUE_URL),
    },
    retentionMs: readRetention(recording),
    traits: {
      visibilityMs: Number(environment.VISIBILITY_TIMEOUT_SECONDS) * 1000,
      holds: true,
      protects: true,
      givesBack: true,
      inParts: true,
      workersPerFilm: Number(environment.WORKERS_PER_FILM ?? 1),
    },
    vcpus: Number(definition.cpu) / 1024,
    preset:
      groups.length > 0
        ? environmentSchema.shape.NVENC_PRESET.parse(environment.NVENC_PRESET)
        : environmentSchema.shape.X264_PRESET.parse(environment.X264_PRESET),
    gpu: groups.length > 0 ? readGpu(recording) : undefined,
  };
}

function readRetention({ resources }: FarmRecording): number {
  const queue = resources.find(({ type, name }) => type === 'aws:sqs/queue:Queue' && name === 'farm-jobs');
  return Number(queue?.inputs.messageRetentionSeconds) * 1000;
}

function readTracking(recording: FarmRecording): TrackingSettings {
  const { minCapacity, maxCapacity } = inputsOf(recording, 'aws:appautoscaling/target:Target');
  const policy = inputsOf(recording, 'aws:appautoscaling/policy:Policy')
    .targetTrackingScalingPolicyConfiguration as {
    targetValue: number;
    scaleOutCooldown: number;
    scaleInCooldown: number;
    customizedMetricSpecification: { metrics: MetricQuery[] };
  };
  return {
    queries: policy.customizedMetricSpecification.metrics,
    target: policy.targetValue,
    minCapacity: Number(minCapacity),
    maxCapacity: Number(maxCapacity),
    outCooldownMs: (policy.scaleOutCooldown ?? 300) * 1000,
    inCooldownMs: (policy.scaleInCooldown ?? 300) * 1000,
  };
}

function readGpu(recording: FarmRecording): NonNullable<Stack['gpu']> {
  const group = inputsOf(recording, 'aws:autoscaling/group:Group') as {
    maxSize: number;
    protectFromScaleIn: boolean;
    warmPool?: { maxGroupPreparedCapacity: number };
    mixedInstancesPolicy: {
      instancesDistribution: { onDemandBaseCapacity: number; onDemandPercentageAboveBaseCapacity: number };
      launchTemplate: { overrides: { instanceType: string }[] };
    };
  };
  const { instancesDistribution, launchTemplate } = group.mixedInstancesPolicy;
  const { managedScaling } = inputsOf(recording, 'aws:ecs/capacityProvider:CapacityProvider')
    .autoScalingGroupProvider as {
    managedScaling: {
      minimumScalingStepSize: number;
      maximumScalingStepSize: number;
      instanceWarmupPeriod: number;
    };
  };
  return {
    group: {
      maxSize: group.maxSize,
      onDemandBase: instancesDistribution.onDemandBaseCapacity,
      spotAbove: instancesDistribution.onDemandPercentageAboveBaseCapacity < 100,
      warm: group.warmPool?.maxGroupPreparedCapacity ?? 0,
      protectFromScaleIn: group.protectFromScaleIn,
    },
    managedScaling: {
      minimumStep: managedScaling.minimumScalingStepSize,
      maximumStep: managedScaling.maximumScalingStepSize,
      warmupMs: managedScaling.instanceWarmupPeriod * 1000,
    },
    instanceTypes: launchTemplate.overrides.map(({ instanceType }) => instanceType),
  };
}

function inputsOf({ resources }: FarmRecording, type: string, name?: string): Inputs {
  const [resource, ...others] = resources.filter(
    (resource) =>
      resource.type === type && (name === undefined ? isWorkersOwn(resource) : resource.name === name),
  );
  if (!resource || others.length > 0) throw new Error(`expected one ${type}, found ${others.length}`);
  return resource.inputs;
}

/** A queue's name, as its URL ends with it. */
function nameOf(url: string | undefined): string {
  return url?.split('/').at(-1) ?? 'none';
}
