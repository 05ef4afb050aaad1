/** Priority lanes, the first served first. Each is a queue of jobs and a queue of part requests. */
export const laneNames = ['urgent', 'normal', 'bulk'] as const;

export type Lane = (typeof laneNames)[number];

/** Every farm has the lane `normal`; these it has where its settings name them. */
export const extraLaneNames = ['urgent', 'bulk'] as const satisfies readonly Exclude<Lane, 'normal'>[];

export type ExtraLane = (typeof extraLaneNames)[number];

/** As much of a job as says its lane. */
interface InLane {
  options?: { lane?: Lane | undefined } | undefined;
}

export function laneOf({ options }: InLane): Lane {
  return options?.lane ?? 'normal';
}

/** What a job's lane is on a farm that has these: one that was taken away is served as `normal`. */
export function servedLane(job: InLane, extraLanes: readonly ExtraLane[]): Lane {
  const lane = laneOf(job);
  return lane === 'normal' || extraLanes.includes(lane) ? lane : 'normal';
}

/** Why a farm can't take a job of this lane; undefined where it can. The rest of a sentence about its name. */
export function whyNoLane(lane: Lane, extraLanes: readonly ExtraLane[]): string | undefined {
  if (lane === 'normal' || extraLanes.includes(lane)) return undefined;
  const there = laneNames.filter((name) => name === 'normal' || extraLanes.includes(name));
  return `is no lane of this farm: expected ${there.join(' or ')}; set "lanes" of its stack to have more`;
}
