import { type ExtraLane, extraLaneNames, type Lane, whyNoLane } from '../../worker/src/protocol/lanes.ts';
import { UserError } from '../errors.ts';
import type { FarmAddress } from './address.ts';

/** Where jobs of a lane go, and where its films' part requests do. */
export interface LaneAddress {
  lane: Lane;
  topicArn: string;
  queueUrl: string;
  partsQueueUrl: string | undefined;
  /** Where a function looks at the lane's jobs first. */
  doorQueueUrl: string | undefined;
}

/** The lanes that a farm has, `normal` first. */
export function lanesOf(address: FarmAddress): LaneAddress[] {
  const { topicArn, queueUrl, partsQueueUrl, doorQueueUrl } = address;
  const extra = extraLaneNames.flatMap((lane) => {
    const found = {
      topicArn: address[`${lane}TopicArn`],
      queueUrl: address[`${lane}QueueUrl`],
    };
    if (found.topicArn === undefined || found.queueUrl === undefined) return [];
    const { topicArn, queueUrl } = found;
    const partsQueueUrl = address[`${lane}PartsQueueUrl`];
    return [{ lane, topicArn, queueUrl, partsQueueUrl, doorQueueUrl: address[`${lane}DoorQueueUrl`] }];
  });
  return [{ lane: 'normal', topicArn, queueUrl, partsQueueUrl, doorQueueUrl }, ...extra];
}

/** Those that the farm has beside `normal`. */
export function extraLanesOf(address: FarmAddress): ExtraLane[] {
  return lanesOf(address).flatMap(({ lane }) => (lane === 'normal' ? [] : [lane]));
}

/** @throws UserError that names the lanes of the farm */
export function laneAddress(address: FarmAddress, lane: Lane): LaneAddress {
  const found = lanesOf(address).find((each) => each.lane === lane);
  if (found !== undefined) return found;
  throw new UserError(`"${lane}" ${whyNoLane(lane, extraLanesOf(address))}.`);
}
