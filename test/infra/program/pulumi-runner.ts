import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerOf } from '../../../tools/program-run/clouds.ts';
import { project } from '../../../tools/program-run/record.ts';
import type { Inputs } from '../../../tools/program-run/registered.ts';
import { readProject, type StackConfig } from '../../../tools/program-run/stacks.ts';

/** What came of running the program as the Pulumi CLI does. */
export interface Run {
  /** Exit status of Pulumi's runner. */
  status: number | null;
  /** Types and names, in the order of registration. */
  resources: string[];
  outputs: Record<string, unknown>;
  /** What the program logged as an error, and its standard error. */
  complaints: string;
}

export interface RunOptions {
  /** Options of Node before those of Pulumi.yaml. */
  nodeArgs?: readonly string[];
  /** As `pulumi up`, and not as a preview. */
  isUpdate?: boolean;
  /** What lookups answer, by token, in place of `answerOf`. */
  answers?: Readonly<Record<string, Inputs>>;
  env?: Readonly<Record<string, string>>;
}

/** For Node: as Node 20 is, and Node 22 before 22.18. */
export const withoutTypeScript = '--no-experimental-strip-types';

/** What Pulumi calls a value that only an update will know. */
const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sdk = dirname(createRequire(import.meta.url).resolve('@pulumi/pulumi/package.json'));
/** The SDK's own copies of gRPC and of its messages. */
const load = createRequire(join(sdk, 'package.json'));
const grpc = load('@grpc/grpc-js');
const messages = load('./proto/resource_pb');
const engineMessages = load('./proto/engine_pb');
const { Struct } = load('google-protobuf/google/protobuf/struct_pb.js');
const { Empty } = load('google-protobuf/google/protobuf/empty_pb.js');

/**
 * Runs the program of Pulumi.yaml with Pulumi's own Node runner, in a process of its own, as a preview, against a small
 * engine that makes nothing: every id and every output that a provider would fill in is unknown; lookups are answered.
 */
export async function runAsPulumi(
  { config, secretKeys, stack }: StackConfig,
  options: RunOptions = {},
): Promise<Run> {
  const run: Run = { status: null, resources: [], outputs: {}, complaints: '' };
  const server = new grpc.Server();
  const { ResourceMonitorService } = load('./proto/resource_grpc_pb');
  const { EngineService } = load('./proto/engine_grpc_pb');
  server.addService(ResourceMonitorService, answering(ResourceMonitorService, monitor(run, stack, options)));
  server.addService(EngineService, answering(EngineService, engine(run)));
  const port = await new Promise<number>((done, fail) =>
    server.bindAsync(
      '127.0.0.1:0',
      grpc.ServerCredentials.createInsecure(),
      (error: unknown, bound: number) => (error ? fail(error) : done(bound)),
    ),
  );
  try {
    run.status = await runProgram(run, {
      address: `127.0.0.1:${port}`,
      config,
      secretKeys,
      stack,
      ...options,
    });
  } finally {
    server.forceShutdown();
  }
  return run;
}

interface Call {
  request: Record<string, () => unknown>;
}
type Reply = (error: unknown, message?: unknown) => void;
type Handlers = Record<string, (call: Call, reply: Reply) => void>;

/** Every call of a service: those given, and "not implemented" for the rest, as an old engine would say. */
function answering(service: object, handlers: Handlers): Handlers {
  const missing = (_call: Call, reply: Reply) => reply({ code: grpc.status.UNIMPLEMENTED });
  return Object.fromEntries(Object.keys(service).map((name) => [name, handlers[name] ?? missing]));
}

const features = ['secrets', 'resourceReferences', 'outputValues', 'aliasSpecs', 'deletedWith', 'transforms'];

function monitor(run: Run, stack: string, { answers = {} }: RunOptions): Handlers {
  const text = (call: Call, getter: string) => String(call.request[getter]?.());
  const empty = (_call: Call, reply: Reply) => reply(null, new Empty());
  return {
    supportsFeature(call, reply) {
      const response = new messages.SupportsFeatureResponse();
      response.setHassupport(features.includes(text(call, 'getId')));
      reply(null, response);
    },
    registerResource(call, reply) {
      const [type, name] = [text(call, 'getType'), text(call, 'getName')];
      run.resources.push(`${type} ${name}`);
      const response = new messages.RegisterResourceResponse();
      response.setUrn(`urn:pulumi:${stack}::${project}::${type}::${name}`);
      response.setId(call.request.getCustom?.() ? unknownValue : '');
      response.setObject(call.request.getObject?.());
      reply(null, response);
    },
    registerResourceOutputs(call, reply) {
      if (text(call, 'getUrn').includes('pulumi:pulumi:Stack')) {
        const outputs = call.request.getOutputs?.() as { toJavaScript(): Run['outputs'] } | undefined;
        run.outputs = outputs?.toJavaScript() ?? {};
      }
      reply(null, new Empty());
    },
    invoke(call, reply) {
      const response = new messages.ResourceInvokeResponse();
      const inputs = call.request.getArgs?.() as { toJavaScript(): Inputs } | undefined;
      const token = text(call, 'getTok');
      const answer = answers[token] ?? answerOf(token, inputs?.toJavaScript() ?? {});
      response.setReturn(Struct.fromJavaScript(answer));
      reply(null, response);
    },
    registerPackage(_call, reply) {
      const response = new messages.RegisterPackageResponse();
      response.setRef('package');
      reply(null, response);
    },
    registerStackTransform: empty,
    signalAndWaitForShutdown: empty,
  };
}

function engine(run: Run): Handlers {
  let rootUrn = '';
  return {
    log(call, reply) {
      const error = 3;
      if (Number(call.request.getSeverity?.()) >= error) run.complaints += `${call.request.getMessage?.()}\n`;
      reply(null, new Empty());
    },
    getRootResource(_call, reply) {
      const response = new engineMessages.GetRootResourceResponse();
      response.setUrn(rootUrn);
      reply(null, response);
    },
    setRootResource(call, reply) {
      rootUrn = String(call.request.getUrn?.());
      reply(null, new engineMessages.SetRootResourceResponse());
    },
  };
}

/** The working directory is the folder of `main`, the program its name: so does the CLI. */
function runProgram(
  run: Run,
  {
    address,
    config,
    secretKeys,
    stack,
    nodeArgs = [],
    isUpdate = false,
    env = {},
  }: StackConfig & RunOptions & { address: string },
): Promise<number | null> {
  const { main, runtime } = readProject();
  const program = resolve(root, main);
  const values = Object.fromEntries(Object.entries(config).map(([key, value]) => [qualified(key), value]));
  const child = spawn(
    process.execPath,
    [
      ...nodeArgs,
      ...runtime.options.nodeargs.split(' '),
      join(sdk, 'cmd/run'),
      ...['--monitor', address, '--engine', address, '--project', project, '--stack', stack],
      ...[
        '--pwd',
        dirname(program),
        ...(isUpdate ? [] : ['--dry-run']),
        '--parallel',
        '16',
        basename(program),
      ],
    ],
    {
      cwd: dirname(program),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        PULUMI_NODEJS_TYPESCRIPT: String(runtime.options.typescript),
        PULUMI_CONFIG: JSON.stringify({ 'aws:region': 'us-east-1', ...values }),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys.map(qualified)),
        ...env,
      },
    },
  );
  child.stderr.on('data', (data: Buffer) => {
    run.complaints += data.toString();
  });
  return new Promise((done, fail) => child.on('error', fail).on('close', done));
}

const qualified = (key: string) => (key.includes(':') ? key : `${project}:${key}`);
