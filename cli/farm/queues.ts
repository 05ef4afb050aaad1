import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { ExtraLane } from '../../worker/src/protocol/lanes.ts';
import type { Farm } from './farm.ts';
import { type LaneAddress, lanesOf } from './lanes.ts';

/** Messages, approximately: SQS counts what its servers know at the moment. */
interface Counts {
  waiting: number;
  /** Received by workers. */
  inFlight: number;
  /** Failed, and waiting for their next attempt. */
  delayed: number;
}

/** Jobs of all lanes; and part requests, on farms where several workers make one film together. */
export interface Queues extends Counts {
  /** Dead letters of both. */
  dead: number;
  parts?: Counts;
  /** The lanes beside `normal`; the numbers above are of all lanes. */
  lanes?: Partial<Record<ExtraLane, Counts>>;
}

export async function readQueues({ address, sqs }: Pick<Farm, 'address' | 'sqs'>): Promise<Queues> {
  const count = async (QueueUrl: string | undefined): Promise<Counts | undefined> => {
    if (QueueUrl === undefined) return undefined;
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
    };
  };
  const countLane = async ({ lane, queueUrl, partsQueueUrl, doorQueueUrl }: LaneAddress) => {
    const [jobs, parts, door] = await Promise.all([queueUrl, partsQueueUrl, doorQueueUrl].map(count));
    // What a function looks at first waits and runs as any other job.
    return { lane, jobs: sum([jobs, door]), parts };
  };
  const [lanes, ...dead] = await Promise.all([
    Promise.all(lanesOf(address).map(countLane)),
    count(address.deadLetterQueueUrl),
    count(address.partsDeadLetterQueueUrl),
  ]);
  const extra = lanes.flatMap(({ lane, jobs }) => (lane === 'normal' ? [] : [[lane, jobs]]));
  const hasParts = lanes.some(({ parts }) => parts !== undefined);
  return {
    ...sum(lanes.map(({ jobs }) => jobs)),
    ...(hasParts && { parts: sum(lanes.map(({ parts }) => parts)) }),
    ...(extra.length > 0 && { lanes: Object.fromEntries(extra) }),
    dead: total(sum(dead)),
  };
}

function sum(counts: readonly (Counts | undefined)[]): Counts {
  const all = counts.filter((each) => each !== undefined);
  const add = (key: keyof Counts) => all.reduce((so, each) => so + each[key], 0);
  return { waiting: add('waiting'), inFlight: add('inFlight'), delayed: add('delayed') };
}

export function total({ waiting, inFlight, delayed }: Counts): number {
  return waiting + inFlight + delayed;
}

/** In words, one line each. */
export function queueLines(queues: Queues): string[] {
  return [
    queueFacts(queues).join(' · '),
    ...laneFacts(queues).map((facts) => `  ${facts.join(' · ')}`),
    ...(queues.parts
      ? [`helpers requested: ${queues.parts.waiting} · helping: ${queues.parts.inFlight}`]
      : []),
  ];
}

/** Of each lane beside `normal`. */
export function laneFacts({ lanes = {} }: Queues): string[][] {
  return Object.entries(lanes).map(([lane, { waiting, inFlight, delayed }]) => [
    lane,
    `${waiting} queued`,
    `${inFlight} running`,
    `${delayed} retrying`,
  ]);
}

export function queueFacts({ waiting, inFlight, delayed, dead }: Queues): [string, string, string, string] {
  return [`${waiting} queued`, `${inFlight} running`, `${delayed} retrying`, `${dead} failed`];
}
