import { chooseEncoder } from './encode/choose-encoder.ts';
import { Invocation } from './film/session/invocation.ts';
import { readEvent } from './function/events.ts';
import { PartEvents } from './function/part-events.ts';
import { type InvocationCall, RuntimeApi } from './function/runtime-api.ts';
import { bindDoors, bindLanes } from './job/lane-bindings.ts';
import { createLogger, type Logger } from './log.ts';
import { openMachine, openQueues, openTools, openWorker } from './open-worker.ts';
import { partWorkSeconds } from './plan/function-limits.ts';
import { handleMessage } from './queue/handle-message.ts';
import type { QueueBinding } from './queue/queue-binding.ts';
import { readFunctionEnvironment } from './settings/secret-parameters.ts';
import { readSettings } from './settings/settings.ts';

/*
 * The worker as an AWS Lambda function: one call is one message. The event source of the jobs queue calls it with a job, whose
 * planner calls it again for each part. Beside workers in ECS it is the door: the event source of the door queues calls it, and what it
 * does not make goes on to the jobs queues. Nothing runs on after the answer.
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
  const { AWS_LAMBDA_RUNTIME_API: address, ...variables } = process.env;
  if (address === undefined) {
    process.stderr.write(
      'AWS_LAMBDA_RUNTIME_API is not set: this runs in AWS Lambda. Start worker/src/main.ts instead.\n',
    );
    process.exit(notLambda);
  }
  const api = new RuntimeApi(address);
  const fn = await open(variables).catch(async (error: unknown) => {
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

async function open(variables: NodeJS.ProcessEnv): Promise<WorkerFunction> {
  const settings = readSettings(await readFunctionEnvironment(variables));
  if (settings.function === undefined)
    throw new Error('AWS_LAMBDA_FUNCTION_NAME is not set; Lambda sets it.');
  const log = createLogger(settings);
  const tools = openTools(settings);
  const machine = await openMachine(settings, tools, await chooseEncoder(settings, tools));
  const queues = openQueues(settings);
  const parts = new PartEvents(settings, settings.function, log);
  const { invocation, begin } = invocations();
  // A door whose films no other calls share makes each alone.
  const isShared = settings.door === undefined || settings.sharing.functionsPerFilm > 0;
  const { runner, health } = openWorker({
    settings,
    machine,
    queues,
    partsOf: () => (isShared ? parts : undefined),
    invocation,
    wake: (workers) => parts.wake(settings.door?.waker, workers),
    log,
  });
  let isSick = false;
  void health.sick.then((sickness) => {
    log.fatal(sickness, `this worker is sick (${sickness.of}): it takes no more calls`);
    isSick = true;
  });
  const { visibilityTimeoutSeconds } = settings.queue;
  // Part requests of a queue are of workers in ECS that made the film before the farm's compute was switched.
  const served = settings.door
    ? bindDoors(queues.lanes, runner)
    : bindLanes(queues.lanes, runner, { isShared: true }).flatMap((lane) => lane.queues);
  const bindings = new Map(served.map((binding) => [binding.queue.name, binding]));
  const own: QueueBinding = {
    queue: parts.asQueue(queues.lanes.normal.jobs),
    handle: (message, signal) => runner.runPartRequest(message, signal),
    // Whoever plans the film sees to its parts.
    next: { send: async () => {} },
  };
  log.info({ encoder: machine.encoder, software: machine.software }, 'function started');

  return {
    log,
    isSick: () => isSick,
    async answer(call) {
      const { queueName, message } = readEvent(call.event, call.requestId);
      const binding = queueName === undefined ? own : bindings.get(queueName);
      if (binding === undefined)
        throw new Error(
          `The queue ${queueName} is none of this farm's; "pulumi up" sets what calls the function.`,
        );
      const current = begin(call);
      try {
        const overdue = new Promise<undefined>((resolve) =>
          current.giveUp.addEventListener('abort', () => resolve(undefined), { once: true }),
        );
        const isSettled = await handleMessage(
          { message, binding },
          { visibilityTimeoutSeconds, log },
          { stop: current.signal, overdue, giveUp: current.giveUp },
        );
        // What has not ended would run on in the next call.
        isSick ||= current.giveUp.aborted;
        if (binding === own) return null;
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
