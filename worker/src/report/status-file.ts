import type { Logger } from '../log.ts';
import type { Store } from '../storage/store.ts';
import type { Sink } from './sink.ts';
import type { JobState } from './state.ts';

/** `<output prefix><job id>/status.json`. */
export function statusKey(outputPrefix: string, jobId: string): string {
  return `${outputPrefix}${jobId}/status.json`;
}

/** The state as it was written last. Undefined where there is none, or where it can't be read just now. */
export async function readStatusFile(
  store: Store,
  outputPrefix: string,
  jobId: string,
  log: Logger,
): Promise<JobState | undefined> {
  try {
    const body = await store.get(statusKey(outputPrefix, jobId), AbortSignal.timeout(3000));
    return body === undefined ? undefined : (JSON.parse(body.toString()) as JobState);
  } catch (error) {
    log.warn({ err: error, job: jobId }, 'could not read the earlier status.json');
    return undefined;
  }
}

/** After so long a put is given up; the next state is written instead. */
const putTimeoutMs = 15_000;

/** Writes each job's newest state, one put at a time, skipping states that are out of date by then. */
export function createStatusFiles(store: Store, outputPrefix: string, log: Logger): Sink {
  const files = new Map<string, { newest?: JobState; writing?: Promise<void>; stop: AbortController }>();

  const fileOf = (jobId: string) => {
    const file = files.get(jobId) ?? { stop: new AbortController() };
    files.set(jobId, file);
    return file;
  };

  const writeAll = async (jobId: string) => {
    const file = fileOf(jobId);
    while (file.newest !== undefined && !file.stop.signal.aborted) {
      const state = file.newest;
      file.newest = undefined;
      await store
        .put(statusKey(outputPrefix, jobId), `${JSON.stringify(state, undefined, 2)}\n`, {
          contentType: 'application/json',
          cacheControl: 'no-cache',
          signal: AbortSignal.any([file.stop.signal, AbortSignal.timeout(putTimeoutMs)]),
        })
        .catch((error: unknown) => {
          if (!file.stop.signal.aborted) log.warn({ err: error, job: jobId }, 'could not write status.json');
        });
    }
    files.delete(jobId);
  };

  const write = (state: JobState) => {
    const file = fileOf(state.id);
    file.newest = state;
    file.writing ??= writeAll(state.id);
  };

  return {
    transition: write,
    progress: write,
    async flush(jobId, signal) {
      const file = files.get(jobId);
      if (file?.writing === undefined) return;
      const late = () => file.stop.abort();
      signal.addEventListener('abort', late, { once: true });
      await file.writing;
      signal.removeEventListener('abort', late);
    },
    abandon(jobId) {
      files.get(jobId)?.stop.abort();
    },
  };
}
