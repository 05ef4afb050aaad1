/** Over which time a speed is measured: shorter ones jump with every part. */
const windowMs = 8000;

/** How fast bytes go, lately. */
export class Speed {
  #points = [];

  begin(bytes) {
    this.#points = [{ at: performance.now(), bytes }];
  }

  add(bytes) {
    const at = performance.now();
    this.#points.push({ at, bytes });
    while (this.#points.length > 2 && at - this.#points[0].at > windowMs) this.#points.shift();
  }

  /** Undefined until there is enough to know. */
  get bytesPerSecond() {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    const seconds = first && last ? (last.at - first.at) / 1000 : 0;
    return seconds < 0.8 ? undefined : Math.max(0, (last.bytes - first.bytes) / seconds);
  }
}
