import { chooseEncoder } from './encode/choose-encoder.ts';
import { Invocation } from './film/invocation.ts';
import { type FunctionEvent, readEvent } from './function/events.ts';
import { PartEvents } from './function/part-events.ts';
import { type InvocationCall, RuntimeApi } from './function/runtime-api.ts';
import { readSecretParameters } from './function/secret-parameters.ts';
import { createLogger, type Logger } from './log.ts';
import { openMachine, openQueues, openTools, openWorker } from './open-worker.ts';
import { partWorkSeconds } from './plan/function-limits.ts';
import { handleMessage } from './queue/handle-message.ts';
import type { Handler, QueueBinding } from './queue/queue-binding.ts';
import { readSettings } from './settings/settings.ts';

/*
 * The worker as an AWS Lambda function: one call is one message. The event source of the jobs queue calls it with a job, whose
 * planner calls it again for each part. Nothing runs on after the answer.
 */

/** A process that answered with a mistake, or whose machine is broken, is replaced by the platform. */
const crashed = 1;
const notLambda = 64;

interface WorkerFunction {
  answer(call: InvocationCall): Promise<unknown>;
  /** Whether this process should take no more calls. */
  isSick(): boolean;
  log: Logger;
}

async function main(): Promise<void> {
  const { AWS_LAMBDA_RUNTIME_API: address, SECRET_PARAMETERS = '{}', ...variables } = process.env;
  if (address === undefined) {
    process.stderr.write(
      'AWS_LAMBDA_RUNTIME_API is not set: this runs in AWS Lambda. Start worker/src/main.ts instead.\n',
    );
    process.exit(notLambda);
  }
  const api = new RuntimeApi(address);
  const fn = await open(variables, SECRET_PARAMETERS).catch(async (error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    await api.failInit(error);
    process.exit(crashed);
  });
  process.on('uncaughtException', (error) => {
    // The message comes back when its visibility ends.
    fn.log.fatal({ err: error }, 'a mistake in the worker; it ends');
    process.exit(crashed);
  });
  for (;;) {
    const call = await api.next();
    // Clients of the SDK pass it on.
    if (call.traceId !== undefined) process.env._X_AMZN_TRACE_ID = call.traceId;
    await fn.answer(call).then(
      (answer) => api.respond(call.requestId, answer),
      (error: unknown) => {
        fn.log.error({ err: error }, 'the call failed');
        return api.fail(call.requestId, error);
      },
    );
    if (fn.isSick()) process.exit(crashed);
  }
}

async function open(variables: NodeJS.ProcessEnv, secretParameters: string): Promise<WorkerFunction> {
  const secrets = await readSecretParameters(JSON.parse(secretParameters) as Record<string, string>);
  const settings = readSettings({ ...variables, ...secrets });
  if (settings.function === undefined)
    throw new Error('AWS_LAMBDA_FUNCTION_NAME is not set; Lambda sets it.');
  const log = createLogger(settings);
  const tools = openTools(settings);
  const machine = await openMachine(settings, tools, await chooseEncoder(settings, tools));
  const queues = openQueues(settings);
  const parts = new PartEvents(settings, settings.function, log);
  const { invocation, begin } = invocations();
  const { runner, health } = openWorker({ settings, machine, queues, parts, invocation, log });
  let isSick = false;
  void health.sick.then((sickness) => {
    log.fatal(sickness, `this worker is sick (${sickness.of}): it takes no more calls`);
    isSick = true;
  });
  const { visibilityTimeoutSeconds } = settings.queue;
  const handlePart: Handler = (...given) => runner.runPartRequest(...given);
  const lanes: Record<FunctionEvent['from'], QueueBinding> = {
    jobs: { queue: queues.jobs, handle: (...given) => runner.runJob(...given) },
    // Of workers in ECS that made the film before the farm's compute was switched.
    parts: { queue: queues.parts ?? queues.jobs, handle: handlePart },
    self: { queue: parts.asQueue(queues.jobs), handle: handlePart },
  };
  log.info({ encoder: machine.encoder, software: machine.software }, 'function started');

  return {
    log,
    isSick: () => isSick,
    async answer(call) {
      const { from, message } = readEvent(call.event, call.requestId, settings.sharing.partsQueueUrl);
      const current = begin(call);
      try {
        const overdue = new Promise<undefined>((resolve) =>
          current.giveUp.addEventListener('abort', () => resolve(undefined), { once: true }),
        );
        const isSettled = await handleMessage(
          { message, lane: lanes[from] },
          { visibilityTimeoutSeconds, log },
          { stop: current.signal, overdue, giveUp: current.giveUp },
        );
        // What has not ended would run on in the next call.
        isSick ||= current.giveUp.aborted;
        if (from === 'self') return null;
        return { batchItemFailures: isSettled ? [] : [{ itemIdentifier: message.id }] };
      } finally {
        current.end();
      }
    },
  };
}

/** The present invocation: there is one at a time. */
function invocations() {
  let current: Invocation | undefined;
  return {
    invocation: () => {
      if (current === undefined) throw new TypeError('No call is in hand.');
      return current;
    },
    begin({ deadline }: InvocationCall) {
      const secondsLeft = (deadline.getTime() - Date.now()) / 1000;
      current = new Invocation({ secondsLeft, partSeconds: Math.min(partWorkSeconds, secondsLeft / 4) });
      return current;
    },
  };
}

await main();
