import { authenticate } from './authentic.ts';
import type { Call } from './call.ts';
import type { Identities } from './identities.ts';
import { NoAnswer, type NoAnswerOptions } from './no-answer.ts';
import { PrefixRate } from './prefix-rate.ts';
import { authorize } from './rights.ts';
import { readSignature } from './signature.ts';
import type { Verdict } from './verdict.ts';
import { WriteLimit } from './write-limit.ts';

/** What the real services do and an emulator leaves out. Each is off unless it is asked for. */
export interface RuleOptions extends NoAnswerOptions {
  /** Who may call: signatures, sessions and rights are checked. */
  identities?: Identities;
  /** The access key of somebody who is never limited and always answered, such as the owner who looks on. */
  exempt?: string;
  /** One write a second to a key, as R2 takes. */
  limitWrites?: boolean;
  /** Requests a second below one prefix. */
  prefixRate?: number;
}

/** The way of each call to the emulator: who it is, what it may do, how much, and whether it is answered. */
export class Rules {
  readonly #identities: Identities | undefined;
  readonly #exempt: string | undefined;
  readonly #afterwards: { check(call: Call): Verdict | undefined }[];

  constructor({ identities, exempt, limitWrites = false, prefixRate, ...noAnswer }: RuleOptions) {
    this.#identities = identities;
    this.#exempt = exempt;
    this.#afterwards = [
      ...(prefixRate === undefined ? [] : [new PrefixRate(prefixRate)]),
      ...(limitWrites ? [new WriteLimit()] : []),
      new NoAnswer(noAnswer),
    ];
  }

  check(call: Call, now = new Date()): Verdict | undefined {
    if (this.#identities !== undefined) {
      const caller = authenticate(call, this.#identities, now);
      if ('kind' in caller) return caller;
      const refusal = authorize(call, caller);
      if (refusal !== undefined) return refusal;
    }
    if (this.#exempt !== undefined && readSignature(call)?.accessKeyId === this.#exempt) return undefined;
    for (const rule of this.#afterwards) {
      const verdict = rule.check(call);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }
}
