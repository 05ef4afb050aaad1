import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import type { RuleOptions } from './rules/rules.ts';

/**
 * What a local farm asks of an emulator of SQS, SNS and S3. fauxqs.ts is the only one so far; another one takes its
 * place by giving the same.
 */
export interface Emulator {
  /** One address for all three services, such as `http://127.0.0.1:41234`. */
  endpoint: string;
  region: string;
  topicArn: string;
  queueUrl: string;
  deadLetterQueueUrl: string;
  /** Carries part requests. */
  partsQueueUrl: string;
  partsDeadLetterQueueUrl: string;
  /** The priority lanes that it was asked for. */
  lanes: Partial<
    Record<ExtraLane, { topicArn: string; queueUrl: string; partsQueueUrl: string; doorQueueUrl?: string }>
  >;
  /** Before the jobs; undefined where it was not asked for. */
  doorQueueUrl?: string;
  /** Carries reports from workers to the reporter. */
  reportsQueueUrl: string;
  reportsDeadLetterQueueUrl: string;
  /** Where the reporter keeps what it delivered. */
  reportsBucket: string;
  sourceBucket: string;
  outputBucket: string;
  /** Makes a file of this machine an object of the source bucket without a copy, and announces it as an upload. */
  linkFilm(key: string, path: string): Promise<void>;
  close(): Promise<void>;
}

export interface EmulatorOptions {
  /** Where objects are kept as files; in memory without it. */
  storageDir?: string;
  /** @default 120 */
  visibilityTimeoutSeconds?: number;
  /** @default none */
  lanes?: readonly ExtraLane[] | undefined;
  /** A queue before each queue of jobs, for a function. @default none */
  door?: boolean | undefined;
  /** @default 0: any free port */
  port?: number;
  /** What the real services refuse, limit and forget. @default nothing */
  rules?: RuleOptions | undefined;
}

export type StartEmulator = (options?: EmulatorOptions) => Promise<Emulator>;

/** Emulators take any credentials, but the SDK wants some. */
export const localCredentials = { accessKeyId: 'local', secretAccessKey: 'local' };
