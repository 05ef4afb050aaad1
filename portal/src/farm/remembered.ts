/** Asks at most once in so long, whoever wants to know; again after a failure. */
export class Remembered<T> {
  readonly #ask: () => Promise<T>;
  readonly #rememberMs: number;
  readonly #now: () => number;
  #asked: { at: number; answer: Promise<T> } | undefined;

  constructor(ask: () => Promise<T>, rememberMs: number, now: () => number) {
    this.#ask = ask;
    this.#rememberMs = rememberMs;
    this.#now = now;
  }

  read(): Promise<T> {
    if (this.#asked !== undefined && this.#now() - this.#asked.at < this.#rememberMs)
      return this.#asked.answer;
    const asked = { at: this.#now(), answer: this.#ask() };
    this.#asked = asked;
    asked.answer.catch(() => {
      if (this.#asked === asked) this.#asked = undefined;
    });
    return asked.answer;
  }
}
