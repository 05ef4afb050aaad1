import { isNewer, type Report } from '../worker/src/protocol/report.ts';
import { readReport } from './handle.ts';
import type { ReportMessage } from './queue.ts';

/**
 * Handles the messages of one job one after another, the oldest report first, and those of different jobs at once. The queue has no
 * order; but what comes together, as a short job's start and end do, is not to be posted the wrong way round.
 */
export class InOrder<Message extends ReportMessage> {
  readonly #handle: (message: Message) => Promise<void>;
  /** The last message in hand of each job. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(handle: (message: Message) => Promise<void>) {
    this.#handle = handle;
  }

  /** @returns what becomes of each, in the order in which they were given */
  take(messages: readonly Message[]): Promise<void>[] {
    const read = messages.map((message, index) => ({ message, index, report: readReport(message.body) }));
    const ends: Promise<void>[] = [];
    for (const { message, index, report } of read.sort((a, b) => byAge(a.report, b.report))) {
      ends[index] = report === undefined ? this.#handle(message) : this.#inTurn(report.state.id, message);
    }
    return ends;
  }

  #inTurn(jobId: string, message: Message): Promise<void> {
    const before = this.#last.get(jobId)?.catch(() => {}) ?? Promise.resolve();
    const end = before.then(() => this.#handle(message));
    this.#last.set(jobId, end);
    const forget = () => {
      if (this.#last.get(jobId) === end) this.#last.delete(jobId);
    };
    end.then(forget, forget);
    return end;
  }
}

function byAge(a: Report | undefined, b: Report | undefined): number {
  if (a === undefined || b === undefined || a.state.id !== b.state.id) return 0;
  return isNewer(a.state, b.state) ? 1 : -1;
}
