import type { Call } from './call.ts';
import { serviceOf, type Verdict } from './verdict.ts';

/** How many calls to S3 go without an answer, evenly spread: the same calls in each run. */
export interface NoAnswerOptions {
  /** The answer to each so-manieth write is lost. */
  lostEvery?: number;
  /** Each so-manieth call is never answered. */
  silentEvery?: number;
}

/** Networks and services that say nothing. */
export class NoAnswer {
  readonly #options: NoAnswerOptions;
  #calls = 0;
  #writes = 0;

  constructor(options: NoAnswerOptions) {
    this.#options = options;
  }

  check(call: Call): Verdict | undefined {
    if (serviceOf(call) !== 's3') return undefined;
    const { lostEvery, silentEvery } = this.#options;
    this.#calls += 1;
    if (silentEvery !== undefined && this.#calls % silentEvery === 0) return { kind: 'silence' };
    if (call.method === 'GET' || call.method === 'HEAD') return undefined;
    this.#writes += 1;
    return lostEvery !== undefined && this.#writes % lostEvery === 0 ? { kind: 'lost-answer' } : undefined;
  }
}
