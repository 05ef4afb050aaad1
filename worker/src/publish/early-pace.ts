/**
 * Safari's player stops for good after six looks at a playlist without news, so so many segments are held back, and let out one by
 * one while nothing new comes.
 */
export const reserveSegments = 5;

/** A player gets this much ahead of where it can be, before any segment is held back. */
const leadSeconds = (targetSeconds: number) => 4 * targetSeconds;

/** RFC 8216 section 6.2.1: no sooner than half a target duration after the last change. R2 takes one write a second to a key. */
export const minPauseSeconds = (targetSeconds: number) => Math.max(1.5, targetSeconds / 2);

/** Film seconds a second at which playing can't overtake the encoders, with something to spare. */
export const minSpeed = 1.1;

/**
 * What a page takes to learn of the next segment and to load it: it looks at the playlist every half second at first. Players that
 * look once in a target duration look while the first segment, which they had to load, is still played.
 */
const spareSeconds = 0.75;

/** With less to spare a player needs what comes in the time of a segment, and in that of a look at the playlist, which is as long. */
const firstSegmentsAtLowSpeed = 2;

/** How many segments have to be there, of a film that is made at this speed. */
export function segmentsToBegin(speed: number, segmentSeconds: number): number {
  // Whether the second segment is listed before the first has been played.
  const secondAfterSeconds = Math.max(segmentSeconds / speed, minPauseSeconds(segmentSeconds));
  return segmentSeconds - secondAfterSeconds >= spareSeconds ? 1 : firstSegmentsAtLowSpeed;
}

/** Playing may begin: as the film has grown so far, it is there before it is played. */
export function mayOffer({
  prefixSeconds,
  grownSeconds,
  elapsedSeconds,
  segmentSeconds,
}: {
  prefixSeconds: number;
  /** Of the prefix, what came in the time that has elapsed. */
  grownSeconds: number;
  elapsedSeconds: number;
  segmentSeconds: number;
}): boolean {
  const speed = grownSeconds / Math.max(elapsedSeconds, 1e-3);
  if (speed < minSpeed) return false;
  // A segment may be some frames shorter.
  return prefixSeconds >= (segmentsToBegin(speed, segmentSeconds) - 0.5) * segmentSeconds;
}

/**
 * How much of the film is listed: what a player may need, and of the rest all but the reserve.
 * @returns seconds from the film's start; never less than before
 */
export function pacedSeconds({
  prefixSeconds,
  listedSeconds,
  playedSeconds,
  targetSeconds,
}: {
  prefixSeconds: number;
  listedSeconds: number;
  /** How far a player can be that began when the film was offered. */
  playedSeconds: number;
  targetSeconds: number;
}): number {
  // One segment in a target duration.
  const playedTargets = Math.floor(playedSeconds / targetSeconds) * targetSeconds;
  const allButReserve = prefixSeconds - reserveSegments * targetSeconds;
  const needed = playedTargets + leadSeconds(targetSeconds);
  return Math.max(listedSeconds, Math.min(prefixSeconds, Math.max(allButReserve, needed)));
}
