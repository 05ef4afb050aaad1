import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { localCredentials } from '../../../cli/local-farm/emulator.ts';
import { startLocalFarm } from '../../../cli/local-farm/farm.ts';
import { startWorker } from '../../../cli/local-farm/worker.ts';

/** A farm with one worker, whose ends of jobs are timed. */
export interface TimedFarm extends AsyncDisposable {
  /**
   * Does a job. @returns seconds from its last media segment in storage to the deletion of its message, as the services see
   * both
   */
  lastWordSeconds(): Promise<number>;
}

/** @param hasReports whether changes of state go to the reports queue before a message is deleted */
export async function openTimedFarm(
  film: string,
  { hasReports }: { hasReports: boolean },
): Promise<TimedFarm> {
  const seen = { segmentAt: 0, deletedAt: 0 };
  const stopWatching = watchServices(seen);
  const farm = await startLocalFarm().finally(stopWatching);
  const { endpoint, region, environment, sourceBucket: Bucket, queueUrl: QueueUrl } = farm;
  const sqs = new SQSClient({ endpoint, region, credentials: localCredentials });
  const reports = hasReports ? { REPORTS_QUEUE_URL: farm.reportsQueueUrl } : {};
  const settings = { ...environment, ...reports, SOURCE_PREFIX: 'inbox/' };
  const worker = startWorker(settings, join(farm.dir, 'worker.log'));
  const { size: ContentLength } = await stat(film);
  const Body = createReadStream(film);
  await farm.s3.send(new PutObjectCommand({ Bucket, Key: 'film.bench', Body, ContentLength }));
  let jobs = 0;
  return {
    async lastWordSeconds() {
      const sentAt = performance.now();
      const MessageBody = JSON.stringify({ id: `job-${jobs++}`, source: 'film.bench' });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      // The upload's own event is deleted too, by a worker that takes films from another folder.
      while (seen.segmentAt < sentAt || seen.deletedAt < seen.segmentAt) await sleep(20);
      return (seen.deletedAt - seen.segmentAt) / 1000;
    },
    async [Symbol.asyncDispose]() {
      await worker.stop();
      sqs.destroy();
      await farm.close();
    },
  };
}

interface Request {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
}

interface Server {
  addHook(name: 'onResponse', hook: (request: Request, reply: unknown, done: () => void) => void): void;
}

/** @returns ends the watch for new servers */
function watchServices(seen: { segmentAt: number; deletedAt: number }): () => void {
  const onServer = (message: unknown) => {
    const { fastify } = message as { fastify: Server };
    fastify.addHook('onResponse', ({ method, url, headers }, _, done) => {
      if (method === 'PUT' && /\.m4s(\?|$)/.test(url)) seen.segmentAt = performance.now();
      // No one reads the reports, and the film has one part.
      if (headers['x-amz-target'] === 'AmazonSQS.DeleteMessage') seen.deletedAt = performance.now();
      done();
    });
  };
  subscribe('fastify.initialization', onServer);
  return () => unsubscribe('fastify.initialization', onServer);
}
