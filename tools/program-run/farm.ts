import program from '../../infra/index.ts';
import { type Recording, record } from './record.ts';
import type { Inputs, Registered } from './registered.ts';
import type { StackConfig } from './stacks.ts';

export type FarmRecording = Recording<Awaited<ReturnType<typeof program>>>;

const recordings = new Map<string, Promise<FarmRecording>>();

/**
 * What the whole program makes of a stack's config under Pulumi mocks, without a cloud. Run once for each config, for all who ask.
 * @throws SettingsError when the config has mistakes
 */
export function recordFarm(stack: StackConfig, options: { preview?: boolean } = {}): Promise<FarmRecording> {
  const key = JSON.stringify([stack, options]);
  const known = recordings.get(key) ?? record(() => program(), { ...stack, ...options });
  recordings.set(key, known);
  return known;
}

/** The worker's container, as the task definition has it. */
export interface Container {
  image: string;
  environment: { name: string; value: string }[];
  secrets?: { name: string; valueFrom: string }[];
  [field: string]: unknown;
}

/** A portal in containers has a service, a task definition and scaling too. */
export function isWorkersOwn({ name }: Pick<Registered, 'name'>): boolean {
  return !name.endsWith('-portal');
}

/** The workers' own resource of a type. */
export function workersOwn(
  { resources }: Pick<FarmRecording, 'resources'>,
  type: string,
): Registered | undefined {
  return resources.find((resource) => resource.type === type && isWorkersOwn(resource));
}

export function containerOf(recording: Pick<FarmRecording, 'resources'>): Container {
  const definition = workersOwn(recording, 'aws:ecs/taskDefinition:TaskDefinition');
  const [container] = JSON.parse(String(definition?.inputs.containerDefinitions ?? '[]')) as Container[];
  if (!container) throw new Error('the program made no task definition with a container');
  return container;
}

/** What the container finds in its environment: plain settings, and secrets by the parameters that they come from. */
export function environmentOf(recording: Pick<FarmRecording, 'resources'>): Record<string, string> {
  const worker = workerFunctionOf(recording);
  if (worker !== undefined) return functionEnvironment(worker, recording);
  const { environment, secrets = [] } = containerOf(recording);
  const parameters = new Map(
    recording.resources
      .filter(({ type }) => type === 'aws:ssm/parameter:Parameter')
      .map(({ inputs }) => [`parameter${inputs.name}`, String(inputs.value)]),
  );
  return Object.fromEntries([
    ...environment.map(({ name, value }) => [name, value]),
    ...secrets.map(({ name, valueFrom }) => [name, parameters.get(valueFrom.split(':').at(5) ?? '')]),
  ]);
}

/** The function before the jobs queue is of the same image. */
const isDoor = ({ name }: Pick<Registered, 'name'>) => name.endsWith('-door');

/** The worker's function; undefined where workers are tasks of ECS. */
export function workerFunctionOf({
  resources,
}: Pick<FarmRecording, 'resources'>): { name: string; inputs: Inputs } | undefined {
  return resources.find(
    (resource) =>
      resource.type === 'aws:lambda/function:Function' &&
      resource.inputs.packageType === 'Image' &&
      !isDoor(resource),
  );
}

/** The variables of one of the farm's functions, by the name of its resource. */
export function functionEnvironmentOf(
  { resources }: Pick<FarmRecording, 'resources'>,
  name: string,
): Record<string, string> {
  const found = resources.find(
    (resource) => resource.type === 'aws:lambda/function:Function' && resource.name === name,
  );
  if (found === undefined) throw new Error(`the program made no function ${name}`);
  return (found.inputs.environment as { variables: Record<string, string> }).variables;
}

/** As Lambda starts it: with what Lambda itself sets, and its secrets read. */
function functionEnvironment(
  { inputs }: { inputs: Inputs },
  { resources }: Pick<FarmRecording, 'resources'>,
): Record<string, string> {
  const { variables } = inputs.environment as { variables: Record<string, string> };
  const names = JSON.parse(variables.SECRET_PARAMETERS ?? '{}') as Record<string, string>;
  const values = new Map(
    resources
      .filter(({ type }) => type === 'aws:ssm/parameter:Parameter')
      .map((parameter) => [parameter.inputs.name, String(parameter.inputs.value)]),
  );
  const secrets = Object.entries(names).map(([variable, name]) => [variable, values.get(name) ?? '']);
  return {
    ...variables,
    ...Object.fromEntries(secrets),
    AWS_REGION: 'us-east-1',
    AWS_LAMBDA_FUNCTION_NAME: 'worker',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(inputs.memorySize),
  };
}
