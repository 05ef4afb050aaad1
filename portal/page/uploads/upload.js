import { ApiProblem, api, Offline } from '../api.js';
import { describe } from './files.js';
import { records } from './records.js';
import { PartProblem, sendPart } from './send-part.js';
import { Speed } from './speed.js';

/** Parts at the same time: one line is rarely filled by one connection. */
const partsAtOnce = 4;
const linksAtOnce = 16;
/** Links are valid for an hour. */
const linkMs = 45 * 60_000;
const longestWaitMs = 30_000;

/**
 * One film on its way. Its state: `waiting` for its turn, `needs-file` after a reload, `sending`, `offline`, `paused`,
 * `finishing`, `done`, `failed`. Reports changes by the event `change`.
 */
export class Upload extends EventTarget {
  record;
  state = 'waiting';
  problem = '';
  job;
  /** What the browser can read of the film. */
  facts = {};
  #file;
  #sending = new Map();
  #links = new Map();
  #speed = new Speed();
  #stop = new AbortController();

  constructor(record, file, facts) {
    super();
    this.record = record;
    if (file) this.giveFile(file, facts);
    else if (!this.isSent) this.state = record.handle ? 'paused' : 'needs-file';
  }

  get hasFile() {
    return this.#file !== undefined;
  }

  /** The storage took every part: only the job is to be started, or was, and the answer was lost. That takes no file. */
  get isSent() {
    const { id, parts, etags } = this.record;
    return id !== undefined && parts > 0 && Object.keys(etags).length === parts;
  }

  /** @param facts where they were read already */
  giveFile(file, facts) {
    this.#file = file;
    void (facts ? Promise.resolve(facts) : describe(file)).then((facts) => {
      this.facts = facts;
      this.#changed();
    });
  }

  get sentBytes() {
    const { etags, partBytes, size } = this.record;
    const done = Object.keys(etags).reduce(
      (sum, number) => sum + bytesOf(Number(number), partBytes, size),
      0,
    );
    return [...this.#sending.values()].reduce((sum, bytes) => sum + bytes, done);
  }

  get bytesPerSecond() {
    return this.state === 'sending' ? this.#speed.bytesPerSecond : undefined;
  }

  /** Sends what is missing; ends when all is there, or when it is paused. */
  async run() {
    this.#stop = new AbortController();
    this.#speed.begin(this.sentBytes);
    this.#become('sending');
    try {
      await this.#begin();
      await this.#sendMissing(this.#stop.signal);
      this.#become('finishing');
      const parts = Object.entries(this.record.etags).map(([number, etag]) => ({
        number: Number(number),
        etag,
      }));
      const { title, options, metadata } = this.record;
      const { job } = await this.#patiently(() =>
        api.post(`${this.#path}/complete`, { parts, title, options, metadata }),
      );
      this.job = job;
      await records.remove(this.record.fingerprint);
      this.#become('done');
    } catch (error) {
      if (this.#stop.signal.aborted) return this.#become('paused');
      if (error instanceof ApiProblem && error.code === 'no-such-upload') return this.#startOver();
      // Others than those that the storage has: it is asked which.
      if (error instanceof ApiProblem && error.code === 'parts-missing') {
        this.record.etags = {};
        await records.save(this.record);
        if (!this.hasFile) return this.#become('needs-file');
      }
      this.problem = error.message;
      this.#become('failed');
    }
  }

  pause() {
    this.#stop.abort(new Error('paused'));
    if (this.state === 'waiting') this.#become('paused');
  }

  wait() {
    this.#become('waiting');
  }

  async remove() {
    this.pause();
    await records.remove(this.record.fingerprint);
    if (this.record.id) await api.delete(this.#path).catch(() => undefined);
  }

  get #path() {
    return `/api/uploads/${this.record.id}`;
  }

  /** The storage says what it has: another browser, or an earlier day, may have sent more. */
  async #begin() {
    const { record } = this;
    if (record.id === undefined) {
      const { name, size } = record;
      const begun = await this.#patiently(() =>
        api.post('/api/uploads', { name, size, type: this.#file.type }),
      );
      Object.assign(record, { id: begun.id, partBytes: begun.partBytes, parts: begun.parts, etags: {} });
    } else if (!this.isSent) {
      // An upload that was joined is unknown to the storage: a new one would be a second job.
      const { done } = await this.#patiently(() => api.get(this.#path));
      record.etags = Object.fromEntries(done.map(({ number, etag }) => [number, etag]));
    }
    await records.save(record);
    this.#speed.begin(this.sentBytes);
  }

  async #sendMissing(signal) {
    const { record } = this;
    const numbers = Array.from({ length: record.parts }, (_, index) => index + 1);
    const missing = numbers.filter((number) => record.etags[number] === undefined);
    const sender = async () => {
      for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
        signal.throwIfAborted();
        await this.#sendOne(number, missing, signal);
      }
    };
    try {
      await Promise.all(Array.from({ length: partsAtOnce }, sender));
    } finally {
      this.#sending.clear();
    }
  }

  async #sendOne(number, next, signal) {
    const { record } = this;
    const start = (number - 1) * record.partBytes;
    const body = this.#file.slice(start, start + record.partBytes);
    const etag = await this.#patiently(async () => {
      const url = await this.#link(number, next);
      return sendPart(url, body, {
        signal,
        onProgress: (bytes) => {
          this.#sending.set(number, Math.min(bytes, body.size));
          this.#speed.add(this.sentBytes);
          this.#changed();
        },
      }).finally(() => this.#sending.delete(number));
    });
    record.etags[number] = etag;
    await records.save(record);
    this.#changed();
  }

  async #link(number, next) {
    const known = this.#links.get(number);
    if (known && Date.now() - known.at < linkMs) return known.url;
    const parts = [number, ...next.slice(0, linksAtOnce - 1)];
    const { links } = await api.post(`${this.#path}/links`, { parts });
    for (const link of links) this.#links.set(link.number, { url: link.url, at: Date.now() });
    return this.#links.get(number).url;
  }

  /** Tries again through cuts of the network, however long; says so meanwhile. */
  async #patiently(act) {
    const { signal } = this.#stop;
    for (let failures = 0; ; failures += 1) {
      signal.throwIfAborted();
      try {
        const result = await act();
        if (this.state === 'offline') this.#become('sending');
        return result;
      } catch (error) {
        signal.throwIfAborted();
        if (!canPass(error)) throw error;
        // A link that has ended is answered with 403.
        this.#links.clear();
        if (failures > 0) {
          this.problem = error.message;
          this.#become('offline');
        }
        await pause(Math.min(longestWaitMs, 500 * 2 ** failures), signal);
      }
    }
  }

  async #startOver() {
    const { fingerprint, name, size, title, options, metadata, handle } = this.record;
    this.record = { fingerprint, name, size, title, options, metadata, handle, etags: {} };
    this.#links.clear();
    return this.hasFile ? this.run() : this.#become('needs-file');
  }

  #become(state) {
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

function bytesOf(number, partBytes, size) {
  return Math.max(0, Math.min(partBytes, size - (number - 1) * partBytes));
}

/** Not what the portal refuses for good, and not a file that can't be read any more. */
function canPass(error) {
  if (error instanceof PartProblem) return error.status !== 200 && error.status !== 404;
  if (error instanceof ApiProblem) return error.status >= 500 || error.status === 429;
  return error instanceof Offline;
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    window.addEventListener('online', end);
    signal.addEventListener('abort', end);
  });
}
