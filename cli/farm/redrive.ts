import { type Message, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { servedLane } from '../../worker/src/protocol/lanes.ts';
import { jobBody, readPartRequest } from '../../worker/src/protocol/part-request.ts';
import { UserError } from '../errors.ts';
import {
  byQueue,
  type DeadLetterChoice,
  type HeldDeadLetter,
  isChosen,
  type Queues,
  release,
  takeDeadLetters,
} from './dead-letters.ts';
import { batchesOf, HeldMessages } from './held-messages.ts';
import { extraLanesOf, lanesOf } from './lanes.ts';

/**
 * Sends the jobs of the chosen dead letters again; all others, and those that SQS did not take, are put back.
 * @returns those that were chosen, and how many of them were sent
 * @throws UserError for what SQS did not take
 */
export async function redriveChosen(
  farm: Queues,
  choice: DeadLetterChoice,
  { signal, dryRun = false }: { signal: AbortSignal; dryRun?: boolean },
): Promise<{ chosen: HeldDeadLetter[]; redriven: number }> {
  const deadLetters = await takeDeadLetters(farm);
  const chosen = deadLetters.filter((deadLetter) => isChosen(deadLetter, choice));
  const redriven = new Set<HeldDeadLetter>();
  const onRedriven = (done: readonly HeldDeadLetter[]) => {
    for (const deadLetter of done) redriven.add(deadLetter);
  };
  try {
    if (!dryRun) await redrive(farm, chosen, { signal, onRedriven });
  } finally {
    await release(
      farm,
      deadLetters.filter((deadLetter) => !redriven.has(deadLetter)),
    );
  }
  return { chosen, redriven: redriven.size };
}

/** Attributes of the failed attempt: with them the job would begin at its last attempt. */
const endAttributes = new Set(['attempt', 'queuedAt', 'reason', 'reasonCode', 'jobId']);

interface RedriveOptions {
  signal: AbortSignal;
  onRedriven(deadLetters: readonly HeldDeadLetter[]): void;
  /** Milliseconds. */
  now?: () => number;
}

/**
 * Sends dead letters' jobs again, at attempt 1, ten at a time. Only workers may send part requests, so the job of a dead part
 * request is sent to the jobs queue, once and under the request that it had: whoever takes it goes on after the recorded parts.
 * First sent, then deleted: cut off between the two, a job is there twice. Dead letters that wait for their turn are held.
 * @param onRedriven called after each batch
 * @throws UserError for what SQS did not take
 */
export async function redrive(
  { address, sqs }: Queues,
  deadLetters: readonly HeldDeadLetter[],
  { signal, onRedriven, now = () => performance.now() }: RedriveOptions,
): Promise<void> {
  for (const { queueUrl: QueueUrl, held } of byQueue(address, deadLetters)) {
    const hold = new HeldMessages(sqs, QueueUrl, now);
    const sentJobs = new Set<string>();
    let begun = 0;
    for (const batch of batchesOf(held, ({ message }) => message)) {
      signal.throwIfAborted();
      await hold.renewWhenDue(held.slice(begun).map(({ message }) => message));
      begun += batch.length;
      const isNew = ({ queue, jobId = '' }: HeldDeadLetter, index: number) =>
        queue === 'jobs' ||
        !(sentJobs.has(jobId) || batch.slice(0, index).some((other) => other.jobId === jobId));
      const toSend = batch.filter(isNew);
      const failed = await sendToLanes({ address, sqs }, toSend);
      for (const deadLetter of toSend) if (!failed.has(deadLetter)) sentJobs.add(deadLetter.jobId ?? '');
      const done = batch.filter((deadLetter) =>
        toSend.includes(deadLetter) ? !failed.has(deadLetter) : sentJobs.has(deadLetter.jobId ?? ''),
      );
      await hold.remove(done.map(({ message }) => message));
      onRedriven(done);
      const [why] = failed.values();
      if (why !== undefined) throw new UserError(`SQS did not take a job back: ${why}.`);
    }
  }
}

/** Each job to the queue of its lane: the dead letters of all lanes lie together. */
async function sendToLanes(
  { address, sqs }: Queues,
  deadLetters: readonly HeldDeadLetter[],
): Promise<Map<HeldDeadLetter, string>> {
  const lanes = lanesOf(address);
  const failed = new Map<HeldDeadLetter, string>();
  for (const { lane, queueUrl } of lanes) {
    const own = deadLetters.filter(
      (deadLetter) => servedLane({ options: deadLetter }, extraLanesOf(address)) === lane,
    );
    for (const [deadLetter, why] of await sendJobs(sqs, queueUrl, own)) failed.set(deadLetter, why);
  }
  return failed;
}

/** @returns the dead letters whose job SQS did not take, each with its reason */
async function sendJobs(
  sqs: Queues['sqs'],
  QueueUrl: string | undefined,
  deadLetters: readonly HeldDeadLetter[],
): Promise<Map<HeldDeadLetter, string>> {
  if (deadLetters.length === 0) return new Map();
  const Entries = deadLetters.map((deadLetter, id) => ({ Id: String(id), ...requestOf(deadLetter) }));
  const { Successful = [], Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const taken = new Set(Successful.map(({ Id }) => Id));
  const reasonOf = (id: string) => {
    const failure = Failed.find(({ Id }) => Id === id);
    return `${failure?.Code}: ${failure?.Message}`;
  };
  return new Map(
    deadLetters.flatMap((deadLetter, id) =>
      taken.has(String(id)) ? [] : [[deadLetter, reasonOf(String(id))] as const],
    ),
  );
}

/** The message that a dead letter was. */
function requestOf(deadLetter: HeldDeadLetter) {
  if (deadLetter.queue === 'parts') return jobOfPartRequest(deadLetter);
  const { Body, MessageAttributes = {} } = deadLetter.message;
  // The worker gives the dead letters that it writes an id for the next request; others still have the failed one's.
  const writtenByWorker = MessageAttributes.reason !== undefined;
  return {
    MessageBody: Body,
    MessageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).filter(
        ([name]) => !endAttributes.has(name) && (name !== 'requestId' || writtenByWorker),
      ),
    ),
    ...groupOf(deadLetter.message),
  };
}

function jobOfPartRequest({ message }: HeldDeadLetter) {
  const { job } = readPartRequest(message.Body ?? '');
  return {
    MessageBody: jobBody(job),
    MessageAttributes: { requestId: { DataType: 'String', StringValue: job.requestId } },
    ...groupOf(message),
  };
}

function groupOf({ Attributes }: Message) {
  return Attributes?.MessageGroupId === undefined ? {} : { MessageGroupId: Attributes.MessageGroupId };
}
