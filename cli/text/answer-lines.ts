import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Answers in their order, typed or from a pipe. One that comes before its question waits for it. */
export class AnswerLines implements Disposable {
  readonly #lines: Interface;
  readonly #output: Writable;
  readonly #isKeyboard: boolean;
  readonly #early: string[] = [];
  #asked: PromiseWithResolvers<string | undefined> | undefined;
  #hasEnded = false;

  /** @param output where questions go, and what is typed is shown */
  constructor(input: Readable, output: Writable, { isKeyboard }: { isKeyboard: boolean }) {
    this.#output = output;
    this.#isKeyboard = isKeyboard;
    this.#lines = createInterface({ input, output, terminal: isKeyboard });
    // readline takes Ctrl-C from the terminal; the rest of the command waits for the signal.
    this.#lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    this.#lines.on('line', (line) => {
      if (this.#asked === undefined) this.#early.push(line);
      else this.#answer(line);
    });
    this.#lines.once('close', () => {
      this.#hasEnded = true;
      this.#answer(undefined);
    });
  }

  #answer(line: string | undefined): void {
    this.#asked?.resolve(line);
    this.#asked = undefined;
  }

  /** @returns undefined where the input has ended (Ctrl-D). @throws what aborted `stop` */
  async ask(prompt: string, stop: AbortSignal): Promise<string | undefined> {
    stop.throwIfAborted();
    const early = this.#early.shift();
    if (early !== undefined) {
      this.#output.write(`${prompt}${early}\n`);
      return early;
    }
    const asked = Promise.withResolvers<string | undefined>();
    this.#asked = asked;
    const onStop = () => asked.reject(stop.reason);
    stop.addEventListener('abort', onStop, { once: true });
    this.#show(prompt);
    if (this.#hasEnded) this.#answer(undefined);
    try {
      const line = await asked.promise;
      // A keyboard's line is on the screen already.
      if (line === undefined || !this.#isKeyboard) this.#output.write(`${line ?? ''}\n`);
      return line;
    } finally {
      stop.removeEventListener('abort', onStop);
    }
  }

  #show(prompt: string): void {
    if (this.#hasEnded || !this.#isKeyboard) {
      this.#output.write(prompt);
      return;
    }
    this.#lines.setPrompt(prompt);
    // With what is typed of the answer already.
    this.#lines.prompt(true);
  }

  /** Answers that came before their questions don't count: the one before them was wrong. */
  forgetEarly(): void {
    this.#early.length = 0;
  }

  [Symbol.dispose](): void {
    this.#lines.close();
  }
}
