import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { WebmPart } from '../../publish/webm-parts.ts';
import type { TranscodeRun } from '../film.ts';
import { HeldLeases } from '../session/held-leases.ts';
import { isLive } from '../session/view.ts';

/** The parts of one WebM file, and where they are. */
export interface WebmWork {
  folder: PlanFolder;
  /** Names the folder of the parts, such as `720p-source`. */
  rendition: string;
  parts: readonly WebmPart[];
  /** Makes one part and publishes it: that it is there says that it is done. */
  make: (part: WebmPart, signal: AbortSignal) => Promise<void>;
  /** Hears how much of the file is there, 0 to 1. */
  onMade?: (share: number) => void;
  /** As many as the stream has; undefined where that is not known. */
  frames?: number;
}

/** `done`: every part is there. `left`: other workers make what is left. `outOfTime`: an invocation has no time for another part. */
export type WebmOutcome = 'done' | 'left' | 'outOfTime';

/** Looks in the time of a lease, by a worker that only waits. */
const waitingLooksPerLease = 8;

/**
 * Makes parts of a WebM file until none is left to begin. Each is made under a lease, so that a lost worker costs one part.
 * @param role the lead waits for what others make, and makes it when they are lost; a helper leaves
 */
export async function makeWebmParts(
  work: WebmWork,
  role: 'lead' | 'helper',
  run: TranscodeRun,
): Promise<WebmOutcome> {
  const { folder, rendition } = work;
  const { stores, invocation, breaks, leaseSeconds, log, signal } = run;
  let lost = new AbortController();
  const leases = new HeldLeases({
    output: stores.output,
    owner: randomUUID(),
    messageId: run.messageId,
    leaseSeconds,
    progressOf: () => undefined,
    onLost: () => lost.abort(new Error('Another worker has taken this part over.')),
    log,
  });
  try {
    for (;;) {
      const { missing, free } = await lookAtParts(work, run);
      work.onMade?.(1 - missing.length / work.parts.length);
      if (missing.length === 0) return 'done';
      // Those who look at the same moment would all try the first one.
      const choice = role === 'lead' ? free[0] : free[Math.floor(Math.random() * free.length)];
      if (choice === undefined) {
        if (role === 'helper') return 'left';
        const pauseSeconds = leaseSeconds / waitingLooksPerLease;
        if (invocation?.mayWait(2 * pauseSeconds) === false) return 'outOfTime';
        await sleep(pauseSeconds * 1000, undefined, { signal });
        continue;
      }
      if (invocation?.mayBegin() === false) return 'outOfTime';
      await breaks?.beforePart();
      const { part, staleEtag } = choice;
      const key = folder.webmLease(rendition, part.name);
      if (!(await leases.acquire(key, staleEtag, signal))) continue;
      // Between the look and the lease this worker may have made way for other jobs, and another have made the part.
      if ((await stores.output.head(folder.webmPart(rendition, part.name), signal)) !== undefined) {
        await leases.release(key, signal);
        continue;
      }
      invocation?.began();
      const startedAt = performance.now();
      lost = new AbortController();
      try {
        await work.make(part, AbortSignal.any([signal, lost.signal]));
      } catch (error) {
        if (!lost.signal.aborted || signal.aborted) throw error;
        log.warn({ err: error, part: part.name }, 'another worker makes this part of a WebM file');
        continue;
      }
      await leases.release(key, signal);
      const seconds = (performance.now() - startedAt) / 1000;
      invocation?.recorded(seconds);
      log.info({ rendition, part: part.name, seconds }, 'part of a WebM file recorded');
    }
  } finally {
    await leases.releaseAll(AbortSignal.timeout(5000)).catch((error: unknown) => {
      log.warn({ err: error }, 'could not release the lease of a part; it becomes stale');
    });
  }
}

/** Parts that are not there, and those of them that no worker is at. */
export async function lookAtParts(
  { folder, rendition, parts }: Pick<WebmWork, 'folder' | 'rendition' | 'parts'>,
  { stores, leaseSeconds, signal }: TranscodeRun,
): Promise<{ missing: WebmPart[]; free: { part: WebmPart; staleEtag: string | undefined }[] }> {
  const { output } = stores;
  // Leases first: a lease goes when its part is there, so a part that has neither is really free.
  const { at, objects } = await output.listAll(folder.webmLease(rendition, ''), signal);
  const found = await output.listAll(folder.webmPart(rendition, ''), signal);
  const made = new Set(found.objects.map(({ key }) => key));
  const missing = parts.filter(({ name }) => !made.has(folder.webmPart(rendition, name)));
  const free = missing.flatMap((part) => {
    const lease = objects.find(({ key }) => key === folder.webmLease(rendition, part.name));
    return lease !== undefined && isLive(lease, at, leaseSeconds) ? [] : [{ part, staleEtag: lease?.etag }];
  });
  return { missing, free };
}
