import { createRequire } from 'node:module';
import * as pulumi from '@pulumi/pulumi';
import { answerOf, NotFoundError, stateOf } from './clouds.ts';
import { keepRequests, optionsOf, type RegisterRequest } from './options.ts';
import type { Inputs, Registered } from './registered.ts';

export interface Recording<T> {
  /** What the builder returned. */
  result: T;
  resources: Registered[];
  /** Data sources that were asked, by token. */
  calls: { token: string; inputs: Inputs }[];
}

export interface RecordOptions {
  /** As `pulumi preview`: what only a provider knows is unknown, and `apply` of it does not run. Default false. */
  preview?: boolean;
  /** Keys without a namespace are the project's. */
  config?: Readonly<Record<string, string>>;
  /** Keys of `config` that were set with `--secret`. */
  secretKeys?: readonly string[];
  /** What data sources answer, by token, in place of `answerOf`. */
  answers?: Readonly<Record<string, Inputs>>;
  stack?: string;
}

export const project = 'transcode-farm';

/**
 * Pulumi notes a stack trace for each of some thousand promises, to name those that are open when the process ends, and for each resource,
 * to say where the program made it: half of the work here, where `settled` waits for all and the place is not asked for.
 */
const debuggable = createRequire(import.meta.url)('@pulumi/pulumi/runtime/debuggable.js') as {
  debuggablePromise<T>(promise: Promise<T>): Promise<T>;
};
debuggable.debuggablePromise = (promise) => promise;
(pulumi.Resource as unknown as { stackTrace(): [] }).stackTrace = () => [];

/** What is in a function's archive is a thousand files, each of them a property that Pulumi sends and reads. They are not asked for here. */
Object.defineProperty(pulumi.asset.AssetArchive.prototype, 'assets', {
  set(this: object) {
    const value = Promise.resolve({ files: new pulumi.asset.StringAsset('left out') });
    Object.defineProperty(this, 'assets', { value, enumerable: true });
  },
});

/**
 * Runs `build` under Pulumi mocks, waits until everything is registered, and returns what was.
 * @throws what `build`, a resource or an unknown data source threw
 */
export async function record<T>(
  build: () => T | Promise<T>,
  { preview = false, config = {}, secretKeys = [], answers = {}, stack = 'test' }: RecordOptions = {},
): Promise<Recording<T>> {
  const resources: Registered[] = [];
  const calls: Recording<T>['calls'] = [];
  let request: RegisterRequest | undefined;
  let unforeseen: unknown;
  const stackTransforms: pulumi.ResourceTransform[] = [];
  const componentTransforms = new Map<string, pulumi.ResourceTransform[]>();
  await pulumi.runtime.setMocks(
    {
      newResource: async (args) => {
        const options = { ...optionsOf(request) }; // before any await: see keepRequests
        const { type, name, custom = true } = args;
        const urn = urnOf(options.parent, type, name, stack);
        if (args.transforms?.length) componentTransforms.set(urn, args.transforms);
        const inherited = ancestors(options.parent, resources).flatMap(
          (at) => componentTransforms.get(at) ?? [],
        );
        let inputs: Inputs = args.inputs;
        for (const transform of [...inherited, ...stackTransforms]) {
          const changed = await transform({ type, name, custom, props: inputs, opts: {} });
          inputs = changed?.props ?? inputs;
          options.retainOnDelete ||= changed?.opts.retainOnDelete === true;
        }
        const { value, secretPaths } = withoutSecrets(inputs);
        const entry = { type, name, urn };
        const answer = preview
          ? { id: args.id ?? '', state: inputs }
          : stateOf({ type, name, inputs, id: args.id });
        const outputs = withoutSecrets(answer.state).value;
        const isRead = Boolean(args.id);
        resources.push({ ...entry, custom, isRead, inputs: value, secretPaths, outputs, ...options });
        return answer;
      },
      call: ({ token, inputs }) => {
        calls.push({ token, inputs });
        try {
          return answers[token] ?? answerOf(token, inputs);
        } catch (error) {
          if (!(error instanceof NotFoundError)) unforeseen ??= error; // Pulumi passes on an error without its message
          throw error;
        }
      },
      registerTransform: (transform) => stackTransforms.push(transform),
    },
    project,
    stack,
    preview,
    'organization',
  );
  const qualified = (key: string) => (key.includes(':') ? key : `${project}:${key}`);
  const values = Object.fromEntries(Object.entries(config).map(([key, value]) => [qualified(key), value]));
  pulumi.runtime.setAllConfig({ 'aws:region': 'us-east-1', ...values }, secretKeys.map(qualified));
  keepRequests((seen) => {
    request = seen;
  });
  let result: T;
  try {
    result = await build();
    await settled(() => resources.length + calls.length);
  } catch (error) {
    throw unforeseen ?? error;
  }
  if (unforeseen) throw unforeseen;
  return { result, resources, calls };
}

/** The engine applies a component's transforms to everything below it; the mocks apply none. Nearest first. */
function ancestors(parent: string, resources: readonly Registered[]): string[] {
  const found = resources.find(({ urn }) => urn === parent);
  return found ? [parent, ...ancestors(found.parent, resources)] : [];
}

/** As the mock monitor makes them, so that parents and dependencies can be matched. */
function urnOf(parent: string, type: string, name: string, stack: string): string {
  const parentType = parent.split('::')[2]?.split('$').pop();
  return `urn:pulumi:${stack}::${project}::${parentType ? `${parentType}$${type}` : type}::${name}`;
}

const secretSignature = '4dabf18193072939515e22adb298388d';

function withoutSecrets(inputs: Inputs): { value: Inputs; secretPaths: string[] } {
  const secretPaths: string[] = [];
  const walk = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${path}[${index}]`));
    if (value === null || typeof value !== 'object' || isWhole(value)) return value;
    if (secretSignature in value && 'value' in value) {
      secretPaths.push(path);
      return walk(value.value, path);
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, walk(item, path ? `${path}.${key}` : key)]),
    );
  };
  return { value: walk(inputs, '') as Inputs, secretPaths };
}

/** Resources and assets are passed on as they are. */
function isWhole(value: object): boolean {
  return (
    pulumi.Resource.isInstance(value) ||
    pulumi.asset.Asset.isInstance(value) ||
    pulumi.asset.Archive.isInstance(value)
  );
}

/** Waits until nothing has been registered for a while. */
async function settled(count: () => number): Promise<void> {
  for (let calm = 0, seen = -1; calm < 3; ) {
    await pulumi.runtime.disconnect();
    await new Promise((resolve) => setTimeout(resolve, 5));
    calm = seen === count() ? calm + 1 : 0;
    seen = count();
  }
}
