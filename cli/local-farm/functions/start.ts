import type { WorkerEnvironment } from '../../../worker/src/settings/environment.ts';
import { EventSource } from './event-source.ts';
import { LocalFunctions } from './functions.ts';

export interface FarmFunctionsOptions {
  /** What a worker of this farm gets. */
  environment: WorkerEnvironment;
  /** Of the logs. */
  dir: string;
  /** The farm's own address: jobs are fetched from there. */
  endpoint: string;
  /** Calls at once, in all. */
  concurrency: number;
  /** @default as in the cloud */
  timeoutSeconds?: number;
  /** See `LocalFunctionsOptions`. */
  others?: Readonly<Record<string, (event: string) => void>>;
}

/** The function, and the event sources of what calls it: the farm's queues, or, where it stands before them, the door's. */
export interface FarmFunctions extends AsyncDisposable {
  functions: LocalFunctions;
}

const lambdaSeconds = 900;
const memoryMb = 10_240;

export async function startFunctions(options: FarmFunctionsOptions): Promise<FarmFunctions> {
  const { environment, dir, endpoint, concurrency, timeoutSeconds = lambdaSeconds } = options;
  const functions = await LocalFunctions.start({
    name: 'worker',
    memoryMb,
    timeoutSeconds,
    concurrency,
    dir,
    environment,
    others: options.others,
  });
  const { DOOR_QUEUE_URL, URGENT_DOOR_QUEUE_URL, BULK_DOOR_QUEUE_URL } = environment;
  const queueUrls = (
    DOOR_QUEUE_URL === undefined
      ? [
          environment.QUEUE_URL,
          environment.PARTS_QUEUE_URL,
          environment.URGENT_QUEUE_URL,
          environment.URGENT_PARTS_QUEUE_URL,
          environment.BULK_QUEUE_URL,
          environment.BULK_PARTS_QUEUE_URL,
        ]
      : [DOOR_QUEUE_URL, URGENT_DOOR_QUEUE_URL, BULK_DOOR_QUEUE_URL]
  ).filter((url) => url !== undefined);
  const region = environment.AWS_REGION ?? 'us-east-1';
  const sources = queueUrls.map(
    (queueUrl) => new EventSource({ functions, endpoint, region, queueUrl, maximumConcurrency: concurrency }),
  );
  return {
    functions,
    async [Symbol.asyncDispose]() {
      const closed = Promise.all(sources.map((source) => source.close()));
      await functions.close();
      await closed;
    },
  };
}
