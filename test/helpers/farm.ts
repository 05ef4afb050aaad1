import farm from '../../infra/index.ts';
import { type FarmSettings, readSettings } from '../../infra/settings.ts';
import { type Inputs, type Recording, record } from './pulumi.ts';
import { bareStack, type StackConfig } from './stacks.ts';

export type FarmRecording = Recording<ReturnType<typeof farm>>;

/** Runs the whole program on a stack's config under Pulumi mocks. */
export function recordFarm(stack: StackConfig, options: { preview?: boolean } = {}): Promise<FarmRecording> {
  return record(() => farm(), { ...stack, ...options });
}

/** What the settings come to when these keys are set. */
export async function readFarmSettings(
  changes: Record<string, string | undefined> = {},
): Promise<FarmSettings> {
  const { result } = await record(() => readSettings(), bareStack(changes));
  return result;
}

/** The worker's container, as the task definition has it. */
export interface Container {
  image: string;
  environment: { name: string; value: string }[];
  secrets?: { name: string; valueFrom: string }[];
  [field: string]: unknown;
}

export function containerOf(recording: FarmRecording): Container {
  const { inputs } = recording.resource('aws:ecs/taskDefinition:TaskDefinition');
  const [container] = JSON.parse(String(inputs.containerDefinitions)) as Container[];
  if (!container) throw new Error('the task definition has no container');
  return container;
}

/** What the container finds in its environment: plain settings, and secrets by the parameters that they come from. */
export function environmentOf(recording: FarmRecording): Record<string, string> {
  const { environment, secrets = [] } = containerOf(recording);
  const parameters = new Map(
    recording
      .resourcesOf('aws:ssm/parameter:Parameter')
      .map(({ inputs }) => [`parameter${inputs.name}`, String(inputs.value)]),
  );
  return Object.fromEntries([
    ...environment.map(({ name, value }) => [name, value]),
    ...secrets.map(({ name, valueFrom }) => [name, parameters.get(valueFrom.split(':').at(5) ?? '')]),
  ]);
}

/** A nested object of inputs. */
export function field(inputs: Inputs, key: string): Inputs {
  return inputs[key] as Inputs;
}
