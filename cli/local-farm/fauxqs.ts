import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type FauxqsServer, type S3SpyEvent, startFauxqs } from 'fauxqs';
import { bucketEvent } from './bucket-event.ts';
import { type Emulator, localCredentials, type StartEmulator } from './emulator.ts';
import { tuneFauxqs } from './fauxqs-tuning.ts';
import { describeFilm, LinkedFilms } from './linked-films.ts';

const region = 'us-east-1';
/** As in the cloud (infra/jobs/door.ts). */
const doorReceives = 3;
/** The account that fauxqs plays. */
const account = '000000000000';
const names = {
  topic: 'films',
  queue: 'jobs',
  deadLetters: 'jobs-dead',
  door: 'door',
  parts: 'parts',
  partsDeadLetters: 'parts-dead',
  reports: 'reports',
  reportsDeadLetters: 'reports-dead',
  reportRecords: 'report-records',
  source: 'source-films',
  output: 'published-films',
};

/** Starts fauxqs in this process and sets up what a farm has in the cloud. */
export const startFauxqsEmulator: StartEmulator = async (options = {}) => {
  const films = new LinkedFilms();
  const stopTuning = tuneFauxqs({ storageDir: options.storageDir, films, rules: options.rules });
  const server = await startFauxqs({
    port: options.port ?? 0,
    logger: false,
    defaultRegion: region,
    s3StorageDir: options.storageDir,
    messageSpies: true,
  }).finally(stopTuning);
  const endpoint = `http://127.0.0.1:${server.port}`;

  const createQueue = (name: string, deadLettersName: string, others: readonly string[] = []) => {
    const deadLetters = server.createQueue(deadLettersName);
    for (const each of [name, ...others])
      server.createQueue(each, {
        attributes: {
          VisibilityTimeout: String(options.visibilityTimeoutSeconds ?? 120),
          // The worker counts failures itself, so this only catches messages that no worker survives.
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.queueArn, maxReceiveCount: 100 }),
        },
      });
  };
  const { lanes = [] } = options;
  const inLane = (name: string) => lanes.map((lane) => `${name}-${lane}`);
  createQueue(names.queue, names.deadLetters, inLane(names.queue));
  createQueue(names.parts, names.partsDeadLetters, inLane(names.parts));
  createQueue(names.reports, names.reportsDeadLetters);
  const { topicArn } = server.createTopic(names.topic);
  /** @returns the queue that a topic sends to */
  const createDoor = (jobs: string, door: string): string => {
    if (!options.door) return jobs;
    server.createQueue(door, {
      attributes: {
        VisibilityTimeout: String(options.visibilityTimeoutSeconds ?? 120),
        // What the door loses goes to the workers.
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: `arn:aws:sqs:${region}:${account}:${jobs}`,
          maxReceiveCount: doorReceives,
        }),
      },
    });
    return door;
  };
  server.subscribe({
    topic: names.topic,
    queue: createDoor(names.queue, names.door),
    attributes: { RawMessageDelivery: 'true' },
  });
  const laneAddresses = lanes.map((lane) => {
    const topic = `${names.topic}-${lane}`;
    const { topicArn } = server.createTopic(topic);
    const queue = createDoor(`${names.queue}-${lane}`, `${names.door}-${lane}`);
    server.subscribe({ topic, queue, attributes: { RawMessageDelivery: 'true' } });
    const urlOf = (name: string) => `${endpoint}/${account}/${name}-${lane}`;
    const doorQueue = options.door ? { doorQueueUrl: urlOf(names.door) } : {};
    return [
      lane,
      { topicArn, queueUrl: urlOf(names.queue), partsQueueUrl: urlOf(names.parts), ...doorQueue },
    ];
  });
  server.createBucket(names.source);
  server.createBucket(names.output);
  server.createBucket(names.reportRecords);
  const stopNotifying = notifyTopic(server, endpoint);

  const emulator: Emulator = {
    endpoint,
    region,
    topicArn,
    // Not the URLs that fauxqs gives: their host has to be resolved, and these need no name service.
    queueUrl: `${endpoint}/${account}/${names.queue}`,
    deadLetterQueueUrl: `${endpoint}/${account}/${names.deadLetters}`,
    partsQueueUrl: `${endpoint}/${account}/${names.parts}`,
    partsDeadLetterQueueUrl: `${endpoint}/${account}/${names.partsDeadLetters}`,
    lanes: Object.fromEntries(laneAddresses),
    ...(options.door && { doorQueueUrl: `${endpoint}/${account}/${names.door}` }),
    reportsQueueUrl: `${endpoint}/${account}/${names.reports}`,
    reportsDeadLetterQueueUrl: `${endpoint}/${account}/${names.reportsDeadLetters}`,
    reportsBucket: names.reportRecords,
    sourceBucket: names.source,
    outputBucket: names.output,
    async linkFilm(key, path) {
      films.link(names.source, key, path);
      const { sizeBytes, etag } = await describeFilm(path);
      announce(server, { key, sizeBytes, etag });
    },
    close: async () => {
      stopNotifying();
      await server.stop();
    },
  };
  return emulator;
};

/**
 * fauxqs has no bucket notifications, so this stands in for them: each object that arrives is announced to the topic in
 * S3's own words, and from there on everything goes as in the cloud.
 */
function notifyTopic(server: FauxqsServer, endpoint: string): () => void {
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: localCredentials });
  const seen = new WeakSet<object>();
  let stopped = false;

  const watch = async () => {
    while (!stopped) {
      const arrival = (await server.spy.waitForMessage(
        (event) => isArrival(event) && !seen.has(event),
      )) as S3SpyEvent;
      seen.add(arrival);
      // Not awaited: the spy forgets what is older than a hundred events.
      look(arrival.key).catch(() => undefined);
    }
  };

  const look = async (key: string) => {
    const head = await s3.send(new HeadObjectCommand({ Bucket: names.source, Key: key }));
    if (!stopped) announce(server, { key, sizeBytes: head.ContentLength ?? 0, etag: head.ETag ?? '' });
  };

  // Ends in a rejection when the server stops.
  watch().catch(() => undefined);
  return () => {
    stopped = true;
    s3.destroy();
  };
}

/** Announces an object in the source bucket to the topic. */
function announce(
  server: FauxqsServer,
  { key, sizeBytes, etag }: { key: string; sizeBytes: number; etag: string },
): void {
  const event = bucketEvent({
    bucket: names.source,
    key,
    sizeBytes,
    etag: etag.replaceAll('"', ''),
    region,
    at: new Date(),
  });
  server.publish(names.topic, JSON.stringify(event), { subject: 'Amazon S3 Notification' });
}

function isArrival(event: { service: string; status: string; bucket?: string }): boolean {
  return event.service === 's3' && event.bucket === names.source && /^(uploaded|copied)$/.test(event.status);
}
