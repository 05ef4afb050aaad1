import type { ObjectHeaders } from '../protocol/content-types.ts';
import type { Store } from '../storage/store.ts';

/** One local file on its way to its final key. */
export interface Upload extends ObjectHeaders {
  key: string;
  path: string;
  /** See `PutFileOptions`. */
  unlessSame?: boolean;
  onUploaded?: () => void;
}

export interface UploadsOptions {
  store: Pick<Store, 'putFile'>;
  /** How many files go at once; as many more wait. */
  parallel: number;
  signal?: AbortSignal;
  /** Called when the file is in storage: the place to delete the local one. An error here is an upload's error. */
  onUploaded?: (upload: Upload, result: { sizeBytes: number }) => void | Promise<void>;
}

export interface Uploads {
  /**
   * Takes a file. Resolves when there is room for the next one, so that an encoder faster than the network is held
   * back and the local disk stays small.
   * @throws the first error of any upload
   */
  add(upload: Upload): Promise<void>;
  /**
   * Resolves when every file is in storage.
   * @throws the first error of any upload, after those under way were stopped
   */
  finish(): Promise<void>;
}

/** A bounded queue of uploads. Retries are the store's; an error here is final and stops the rest. */
export function createUploads(options: UploadsOptions): Uploads {
  const { store, parallel, onUploaded } = options;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const waiting: Upload[] = [];
  const underWay = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  /** Wakes everyone who waits for room or for the end. */
  let changed = Promise.withResolvers<void>();

  function wake(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }

  function fail(error: unknown): void {
    failure ??= { error };
    waiting.length = 0;
    stop.abort(error);
  }

  async function send(upload: Upload): Promise<void> {
    const { key, path, onUploaded: onThis, ...options } = upload;
    const result = await store.putFile(key, path, { ...options, signal });
    onThis?.();
    await onUploaded?.(upload, result);
  }

  function startNext(): void {
    while (underWay.size < parallel) {
      const upload = waiting.shift();
      if (upload === undefined) return;
      const sending = send(upload)
        .catch(fail)
        .finally(() => {
          underWay.delete(sending);
          startNext();
          wake();
        });
      underWay.add(sending);
    }
  }

  function throwFailure(): void {
    if (failure) throw failure.error;
    options.signal?.throwIfAborted();
  }

  return {
    async add(upload) {
      throwFailure();
      waiting.push(upload);
      startNext();
      while (waiting.length >= parallel) {
        await changed.promise;
      }
      throwFailure();
    },
    async finish() {
      while (underWay.size > 0) await changed.promise;
      throwFailure();
    },
  };
}
