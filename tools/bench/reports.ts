import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localCredentials } from '../../cli/local-farm/emulator.ts';
import { type LocalFarm, startLocalFarm } from '../../cli/local-farm/farm.ts';
import { startReporter } from '../../cli/local-farm/reporter.ts';
import type { Report } from '../../worker/src/protocol/report.ts';
import type { JobState } from '../../worker/src/protocol/status.ts';
import type { Bench } from './lib/bench.ts';
import { benchFilm } from './lib/film.ts';
import { openTimedFarm } from './lib/last-word.ts';

const jobs = 1000;
const goalSeconds = 60;
/** What a receiver takes for each answer. */
const answerMs = 100;
/** By a worker, with and without reports. */
const workerJobs = 21;

export const reports: Bench = {
  what: `seconds in which one reporter posts the start and the end of ${jobs} jobs to a receiver that takes ${answerMs} ms, over ${goalSeconds}`,
  goal: 1,
  async run({ log }) {
    const farm = await startLocalFarm({ storage: 'memory' });
    const receiver = await startReceiver();
    try {
      await sendReports(farm);
      const startedAt = performance.now();
      const reporter = startReporter(
        {
          ...farm.reporterEnvironment,
          WEBHOOK_URL: receiver.url,
          WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
          ALLOW_PRIVATE_WEBHOOKS: 'true',
        },
        join(farm.dir, 'reporter.log'),
      );
      // Ten times the goal: a reporter that stands still ends the measurement too.
      while (receiver.ended.size < jobs && performance.now() - startedAt < goalSeconds * 10_000)
        await sleep(50);
      const seconds = (performance.now() - startedAt) / 1000;
      await reporter.stop();
      log(
        `${receiver.ended.size} ends and ${receiver.posts - receiver.ended.size} other events in ${seconds.toFixed(1)} s`,
      );
      const { without, withReports } = await compareWorkers();
      log(
        `a worker, from its last segment to the deleted message: ${withReports.toFixed(2)} s, without a reports queue ${without.toFixed(2)} s`,
      );
      return {
        ratio: seconds / goalSeconds,
        goals: [
          { what: 'jobs whose end did not arrive', value: jobs - receiver.ended.size, goal: 0 },
          {
            what: 'a worker’s end of a job later than without a reports queue (s)',
            value: Math.max(0, withReports - without),
            goal: 0.1,
          },
        ],
      };
    } finally {
      receiver.close();
      await farm.close();
    }
  },
};

/** Medians of two farms that work by turns, as a busy machine is busy for both then. */
async function compareWorkers(): Promise<{ without: number; withReports: number }> {
  const film = await benchFilm({ seconds: 2, width: 320, height: 180 });
  await using plain = await openTimedFarm(film, { hasReports: false });
  await using reporting = await openTimedFarm(film, { hasReports: true });
  const seconds: { without: number; withReports: number }[] = [];
  for (let job = 0; job < workerJobs; job += 1) {
    const without = await plain.lastWordSeconds();
    seconds.push({ without, withReports: await reporting.lastWordSeconds() });
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return {
    without: median(seconds.map((each) => each.without)),
    withReports: median(seconds.map((each) => each.withReports)),
  };
}

async function startReceiver() {
  const receiver = { ended: new Set<string>(), posts: 0 };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    await sleep(answerMs);
    response.writeHead(204).end();
    const { type, data } = JSON.parse(body) as { type: string; data: JobState };
    receiver.posts += 1;
    if (type === 'job.succeeded') receiver.ended.add(data.id);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, { url: `http://127.0.0.1:${port}/`, close: () => void server.close() });
}

async function sendReports({ endpoint, region, reportsQueueUrl }: LocalFarm): Promise<void> {
  const sqs = new SQSClient({ endpoint, region, credentials: localCredentials });
  const now = Date.now();
  const bodies = Array.from({ length: jobs }, (_, job) =>
    (['running', 'succeeded'] as const).map((state, step) => bodyOf(`job-${job}`, state, now + step)),
  ).flat();
  for (let start = 0; start < bodies.length; start += 10) {
    const Entries = bodies
      .slice(start, start + 10)
      .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: reportsQueueUrl, Entries }));
  }
  sqs.destroy();
}

function bodyOf(id: string, state: 'running' | 'succeeded', sequence: number): string {
  const at = new Date(sequence).toISOString();
  const report: Report = {
    kind: 'transition',
    requestId: id,
    state: {
      ...{ id, state, sequence, source: `s3://films/${id}.mp4`, attempt: 1, maxAttempts: 3 },
      ...{ warnings: [], timings: {}, queuedAt: new Date(0).toISOString(), updatedAt: at },
    },
  };
  return JSON.stringify(report);
}
