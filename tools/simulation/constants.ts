import { preparationSeconds } from '../cost/waking.ts';
import type { Range } from './random.ts';

/**
 * Every number that the simulation takes for granted, with its source, and how far it is to be trusted:
 *
 *   documented   AWS' own documentation or source
 *   others       measured by others, on something close to this farm
 *   computed     from the two above
 *   assumed      no source: chosen to be unfavourable
 */
const ms = (seconds: number): number => Math.round(seconds * 1000);
const between = (minSeconds: number, maxSeconds: number): Range => ({
  minMs: ms(minSeconds),
  maxMs: ms(maxSeconds),
});

export const minuteMs = ms(60);
export const hourMs = ms(3600);

export const sqs = {
  /**
   * documented: queue attributes need up to a minute to count a message.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
   */
  countedAfter: between(0, 60),
  /**
   * documented: metrics come every minute; a queue unused for six hours is inactive, and its metrics come up to 15 minutes late
   * when it wakes. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
   */
  inactiveAfterMs: 6 * hourMs,
  metricsLate: between(0, 15 * 60),
  /** assumed: from sent to received, by a worker that is waiting in a long poll. */
  receive: between(0.05, 0.5),
};

export const cloudWatch = {
  /** assumed: a minute's value can be read so long after the minute's end. */
  readableAfter: between(5, 40),
  /** assumed: one value in twenty can be read minutes later, and one in a hundred never comes. */
  lateShare: 1 / 20,
  late: between(60, 180),
  missingShare: 1 / 100,
  /** documented: alarms with a period of a minute are looked at once a minute. */
  alarmEveryMs: minuteMs,
};

export const targetTracking = {
  /**
   * others: the alarms that Application Auto Scaling makes, as `describe-alarms` shows them: three minutes above the target, fifteen below
   * 90 % of it. https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
   */
  minutesAbove: 3,
  minutesBelow: 15,
  lowShare: 0.9,
};

export const managedScaling = {
  /**
   * documented: `CapacityProviderReservation` comes once a minute; one minute above the target adds instances, fifteen below take some away;
   * no instance is added while one is younger than the warm-up; from none, two are started.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-scaling-behavior.html
   */
  everyMs: minuteMs,
  minutesBelow: 15,
  atFirst: 2,
  /** assumed: from the metric's minute to Auto Scaling's act. */
  alarm: between(5, 60),
};

/** How long things take to start. Policies run with one of the two sets below. */
export interface Starts {
  name: string;
  /** From an order until the instance is in the cluster. */
  join: Range;
  joinFromStopped: Range;
  /** Share of orders that EC2 refuses for want of capacity; the group tries again after `spot.retryMs`. */
  refused: number;
  /** A task on Fargate, with its network interface and its image. */
  fargate: Range;
  /** From S3 or an app through the topic to the waker. */
  topic: Range;
}

/** When EC2 has capacity and nothing is slow. */
export const plausible: Starts = {
  name: 'plausible',
  /**
   * others: a GPU instance takes 80 to 120 s from its order until it is in the cluster.
   * https://tensorfuse.io/docs/blogs/lazy_loading_performance_degradation
   */
  join: between(80, 120),
  /**
   * computed: 21 s from the order until ssh answers, measured on a stopped m7i.large
   * (https://github.com/brevdev/ec2-coldboot-research, docs/start-stopped-results.md); driver, Docker and ECS agent of a GPU image whose volume
   * is warm: assumed 10 to 30 s.
   */
  joinFromStopped: between(31, 51),
  refused: 0,
  /** others: 53 to 62 s for an image of 413 MB (https://elasticscale.com/blog/reduce-aws-fargate-pull-times-with-soci); assumed for 190 MB. */
  fargate: between(30, 60),
  /** assumed. */
  topic: between(0.3, 2),
};

/** When capacity is short and every step is at its slow end. */
export const pessimistic: Starts = {
  name: 'pessimistic',
  /** assumed: twice the plausible range, with a tail. */
  join: between(120, 240),
  /** others: Kubernetes nodes from a warm pool were ready after 80 s (https://github.com/keikoproj/instance-manager/issues/277). */
  joinFromStopped: between(60, 110),
  /** assumed: one order in three; refusals of GPU instances in every zone for hours have been reported and are not modelled. */
  refused: 1 / 3,
  fargate: between(50, 120),
  /** documented: S3 delivers events in seconds, at times in a minute or longer. https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html */
  topic: between(2, 60),
};

export const instance = {
  /** assumed: an instance that is made for the warm pool is paid for during this time. */
  prepareMs: ms(preparationSeconds),
  /** assumed: Auto Scaling's own pause, from the request to the order. */
  order: between(1, 5),
  /** assumed: from the order to end it until it is off the bill. */
  end: between(1, 5),
};

export const spot = {
  /** documented: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html */
  noticeMs: ms(120),
  /** assumed: the ECS agent sees the notice, and SIGTERM reaches the worker. */
  drain: between(2, 10),
  /** assumed: mean hours of an instance between two losses; the Spot Advisor's worst class, over 20 % a month, is one in 3 600 or sooner. */
  meanHoursBetweenLosses: 200,
  /** assumed: Auto Scaling tries again so long after there was no Spot capacity. */
  retryMs: minuteMs,
};

export const task = {
  /** assumed: from a changed desired count to a task, and from a free place to a task put there. */
  schedule: between(1, 5),
  place: between(1, 15),
  /** computed: the image, 190 MB packed and 474 MB unpacked (docs/image.md), at 25 to 60 MB/s packed; nothing when it is there already. */
  pull: between(3, 8),
  /** assumed: bridge network, no interface to attach. */
  container: between(1, 3),
  /** assumed: Node, and one try of NVENC. */
  worker: between(2, 4),
  /** assumed: the worker's call to the ECS agent, until ECS spares its task. */
  protect: between(0.1, 0.5),
  /** The worker's own: it gives its protection up a second after its last message (worker/src/queue/protection.ts). */
  unprotectMs: ms(1),
  /** The worker's own, on SIGTERM: it gives its message back, and is gone within 10 s (worker/src/main.ts). */
  release: between(0.2, 3),
};

export const waker = {
  /** assumed: one call, which is all that runs at once. */
  callMs: ms(1),
};

export const film = {
  /** assumed: job taken, source probed, plan made. */
  plan: between(2, 6),
  /** assumed: from a part's start to its first encoded frame. */
  firstFrame: between(0.5, 1.5),
  /** assumed: records read, playlists written. */
  assemble: between(1, 3),
  /** The worker's default with NVENC (worker/src/plan/parts.ts). */
  partSeconds: 300,
  /** measured here: 1.73 s of CPU for 120 s of a stereo track (AAC with ffmpeg 5.1). */
  audioSecondsPerSecond: 120 / 1.73,
};

/** From the queue to an event source that waits there. assumed */
export const cloudPoll = between(0.05, 1);

/** Calls of a Lambda function. */
export const functionCalls = {
  /**
   * documented: an event source of SQS calls five at once at first, and 300 more each minute.
   * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
   */
  sourceStartsWith: 5,
  sourceAddsPerSecond: 5,
  /**
   * assumed: from the request until an environment is asked for. Asynchronous calls scale by 1,000 in ten seconds
   * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html), more than a film asks for.
   */
  event: between(0.05, 0.5),
  /** The worker's own (worker/src/film/session/join-film.ts), and assumed: one Invoke call. */
  sendsAtOnce: 8,
  sendMs: 40,
  /**
   * others: one to three seconds for images of some hundred MB that Lambda has cached
   * (https://www.usenix.org/conference/atc23/presentation/brooker); and one for Node and ffmpeg, measured here by `bench -- function`.
   */
  coldStart: between(1.5, 4),
  /** assumed: the first calls of an image that no cache has. */
  slowStart: between(4, 15),
  /** assumed: of a start, at most this is billed: Node and ffmpeg. */
  billedStartMs: ms(1.5),
  /** measured here: a call of a process that stands still, up to its first request. */
  warmMs: 20,
  /** assumed: parts of the same length are so much easier or harder than the middle. */
  partSpread: 0.25,
  /** The worker's own: a lease is half of the hold of 40 s, and a worker that waits looks eight times in one. */
  leaseMs: ms(20),
  lookMs: ms(2.5),
  /** assumed: one object of S3, with 16 reads at once. */
  readRecordMs: 3,
  /** The worker's own: film that is decoded and encoded before a part of audio (worker/src/encode/audio-stretch.ts). */
  audioLeadSeconds: 8,
};
