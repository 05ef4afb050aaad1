/** How often a job that is not over is asked for. */
const usualMs = 1000;
/** While it has just begun, until it is known when its film can be played: a second is much of what the first segment takes. */
const startMs = { each: 250, for: 30_000 };
/** Around the time at which its film can be played, which is known by about this. */
const soonMs = { each: 100, before: 200, after: 2000 };

/** When a job is to be looked at again: seldom while nothing new can be there, as a film may be encoded on this very machine. */
export class NextLook {
  #begunAtMs;
  /** Since when the film should be there. */
  #dueSinceMs;

  /** @returns milliseconds from now on */
  after(job, { isPlaying, nowMs }) {
    if (job?.state !== 'running' || isPlaying) return usualMs;
    this.#begunAtMs ??= nowMs;
    const seconds = job.progress?.playableInSeconds;
    if (seconds !== 0) this.#dueSinceMs = undefined;
    if (seconds === undefined) return nowMs - this.#begunAtMs < startMs.for ? startMs.each : usualMs;
    if (seconds > 0) return Math.min(usualMs, Math.max(soonMs.each, seconds * 1000 - soonMs.before));
    this.#dueSinceMs ??= nowMs;
    return nowMs < this.#dueSinceMs + soonMs.after ? soonMs.each : startMs.each;
  }
}
