/** Short of what a person notices, and of the second after which a page asks again. */
const defaultRecentMs = 500;
const maxKept = 1000;

/** Many people follow the same jobs: what was read a moment ago is not read again, and what is being read is read once. */
export class RecentReads {
  readonly #kept = new Map<string, { at: number; answer: Promise<unknown> }>();

  /**
   * @param key names the answer, and who may have it
   * @param recentMs an older answer is not given again
   */
  read<T>(key: string, ask: () => Promise<T>, recentMs = defaultRecentMs): Promise<T> {
    const at = performance.now();
    const known = this.#kept.get(key);
    if (known !== undefined && at - known.at < recentMs) return known.answer as Promise<T>;
    const answer = ask();
    if (this.#kept.size >= maxKept) this.#kept.clear();
    this.#kept.set(key, { at, answer });
    // A failure is of those who wait for it, not of who asks next.
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }

  /** After an action: who acted must see what it changed. */
  forget(): void {
    this.#kept.clear();
  }
}
