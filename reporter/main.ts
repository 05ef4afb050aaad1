import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { InOrder } from './in-order.ts';
import type { ReportMessage } from './queue.ts';
import { openReporter, type Reporter } from './reporter.ts';
import { ReporterSettingsError, readReporterSettings } from './settings.ts';

/**
 * The reporter as a process, for a farm on one machine: takes messages as Lambda would, and answers commands on a port of the
 * loopback interface in the form of Lambda's Invoke call, so that `farm` calls it as it calls the function.
 */
async function main(): Promise<void> {
  const settings = readSettingsOrExit();
  const reporter = await openReporter(settings);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  const server = createServer(async (request, response) => {
    if (isFromBrowser(request)) return void response.writeHead(403).end();
    const body = await text(request);
    const answer = await Promise.try(() => reporter.command(JSON.parse(body))).then(
      (value) => ({ headers: {}, value: value ?? null }),
      // As Lambda says that a function has thrown.
      ({ name, message }: Error) => ({
        headers: { 'x-amz-function-error': 'Unhandled' },
        value: { errorType: name, errorMessage: message },
      }),
    );
    response.writeHead(200, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.value));
  });
  await new Promise<void>((resolve) =>
    server.listen(Number(process.env.COMMAND_PORT ?? 0), '127.0.0.1', resolve),
  );
  const { port } = server.address() as AddressInfo;
  reporter.log.info({ port }, 'reporter started');
  await takeMessages(reporter, stop.signal);
  server.close();
  await reporter.close();
  reporter.log.info({}, 'reporter stopped');
  process.exit(0);
}

/** A page of another site could have reports sent that are signed as the farm's; and a name of its own may lead here. */
function isFromBrowser({ headers }: IncomingMessage): boolean {
  const isLoopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(headers.host ?? '');
  return !isLoopback || headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
}

/** Messages in hand at once. */
const maxInHand = 32;
/** Longer than a try takes. What a killed reporter had in hand comes back then. */
const visibilitySeconds = Number(process.env.VISIBILITY_TIMEOUT_SECONDS ?? 60);
const waitSeconds = 20;
const pollPauseMs = 1000;

async function takeMessages(reporter: Reporter, stop: AbortSignal): Promise<void> {
  const inHand = new Set<Promise<void>>();
  const inOrder = new InOrder((message) => handleOne(reporter, message));
  while (!stop.aborted) {
    try {
      const messages = await reporter.queue.receive(waitSeconds, visibilitySeconds, stop);
      for (const handled of inOrder.take(messages)) {
        const end = handled.finally(() => inHand.delete(end));
        inHand.add(end);
      }
    } catch (error) {
      if (stop.aborted) break;
      reporter.log.error({ err: error }, 'could not ask the reports queue for messages; trying again');
      await sleep(pollPauseMs, undefined, { signal: stop }).catch(() => {});
    }
    while (inHand.size > maxInHand - 10) await Promise.race(inHand);
  }
  await Promise.all(inHand);
}

async function handleOne({ handle, queue, log }: Reporter, message: ReportMessage): Promise<void> {
  try {
    await handle(message);
    await queue.delete(message);
  } catch (error) {
    log.error({ err: error }, 'a report was left in the queue');
  }
}

function readSettingsOrExit() {
  try {
    return readReporterSettings(process.env);
  } catch (error) {
    if (!(error instanceof ReporterSettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(78);
  }
}

await main();
