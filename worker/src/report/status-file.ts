import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import { JobFolder } from '../protocol/job-folder.ts';
import { JobIndex } from '../protocol/job-index.ts';
import { type JobState, readJobState } from '../protocol/status.ts';
import type { Store } from '../storage/store.ts';
import type { Sink } from './sink.ts';

/** The state as it was written last. Undefined where there is none, or where it can't be read just now. */
export async function readStatusFile(
  store: Store,
  outputPrefix: string,
  jobId: string,
  log: Logger,
): Promise<JobState | undefined> {
  try {
    const body = await store.get(new JobFolder(outputPrefix, jobId).status, AbortSignal.timeout(3000));
    return body && readJobState(body.toString());
  } catch (error) {
    log.warn({ err: error, job: jobId }, 'could not read the earlier status.json');
    return undefined;
  }
}

/** After this long a put is given up; a newer state may be there by then. */
const putTimeoutMs = 15_000;
/** Then it is tried again; a job's end is worth a quarter of an hour. */
const retryMs = 5000;
const maxTries = 45;

interface StatusFile {
  newest?: JobState | undefined;
  writing?: Promise<void>;
  stop: AbortController;
}

/** Writes each job's newest state, one put at a time, skipping states that are out of date by then. */
export function createStatusFiles(
  store: Store,
  outputPrefix: string,
  log: Logger,
  { publishMetadata = false }: { publishMetadata?: boolean } = {},
): Sink {
  const files = new Map<string, StatusFile>();
  const index = new JobIndex(outputPrefix);
  /** Of each job that goes on, its entry in the index. */
  const entries = new Map<string, string>();

  const put = async ({ metadata, ...state }: JobState, stop: AbortSignal) => {
    const text = textOf(publishMetadata ? { ...state, metadata } : state);
    const signal = AbortSignal.any([stop, AbortSignal.timeout(putTimeoutMs)]);
    const options = { contentType: 'application/json', cacheControl: 'no-cache', signal };
    const entry = index.key(state.id, new Date(state.queuedAt));
    await Promise.all([
      store.put(new JobFolder(outputPrefix, state.id).status, text, options),
      // An entry without a status is passed over.
      entries.get(state.id) === entry
        ? undefined
        : store.put(entry, '', { ...options, contentType: 'text/plain' }),
    ]);
    if (state.state === 'running') entries.set(state.id, entry);
    else entries.delete(state.id);
  };

  const writeAll = async (jobId: string, file: StatusFile) => {
    const stop = file.stop.signal;
    let failures = 0;
    while (file.newest !== undefined && !stop.aborted && failures < maxTries) {
      const state = file.newest;
      file.newest = undefined;
      try {
        await put(state, stop);
        failures = 0;
      } catch (error) {
        if (stop.aborted) break;
        failures += 1;
        log.warn({ err: error, job: jobId, failures }, 'could not write status.json');
        file.newest ??= state;
        await sleep(retryMs, undefined, { ref: false, signal: stop }).catch(() => {});
        // After a standstill of the process, first hear whether the job is still ours.
        await setImmediate();
      }
    }
    if (files.get(jobId) === file) files.delete(jobId);
  };

  const write = (state: JobState) => {
    let file = files.get(state.id);
    if (file === undefined || file.stop.signal.aborted) {
      file = { stop: new AbortController() };
      files.set(state.id, file);
    }
    file.newest = state;
    file.writing ??= writeAll(state.id, file);
  };

  const settled = (file: StatusFile | undefined, signal: AbortSignal) =>
    Promise.race([file?.writing, aborted(signal)]);

  return {
    transition: write,
    progress: write,
    async flush(jobId, signal) {
      await settled(files.get(jobId), signal);
    },
    abandon(jobId) {
      files.get(jobId)?.stop.abort();
    },
    async close(signal) {
      const open = [...files.values()];
      await Promise.all(open.map((file) => settled(file, signal)));
      for (const { stop } of open) stop.abort();
    },
  };
}

function textOf(state: JobState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
