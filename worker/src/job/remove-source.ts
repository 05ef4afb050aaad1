import type { Logger } from '../log.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { describeSource, parseSource } from '../protocol/source-location.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';

/** Deletes sources that nobody wants to keep, and never another version than the one that was transcoded. */
export interface SourceRemoval {
  /** Before the job: notes which version there is. */
  prepare(job: QueuedJob): Promise<{
    /** After success. Does nothing where the source is to be kept; a failure is logged. */
    remove(log: Logger): Promise<void>;
  }>;
}

const keep = { remove: async () => {} };

export function createSourceRemoval(
  settings: Pick<Settings, 'source' | 'keepSource'>,
  storeFor: (bucket: string) => Store,
): SourceRemoval {
  return {
    async prepare(job) {
      const location = parseSource(job.source, settings.source.bucket);
      if (location.kind !== 's3' || !mayRemove(job, location.bucket, settings)) return keep;
      const store = storeFor(location.bucket);
      const { key } = location;
      const source = describeSource(job.source);
      const before = await store.head(key);
      if (before === undefined || isNewer(before.etag, job.expectedEtag)) return keep;
      return {
        async remove(log) {
          try {
            const isRemoved = await store.removeIf(key, before.etag);
            log.info({ source }, isRemoved ? 'removed the source' : 'kept the source: it was replaced');
          } catch (error) {
            log.error({ err: error, source }, 'could not remove the source; remove it manually');
          }
        },
      };
    },
  };
}

/** The farm's own setting speaks of its source bucket alone; elsewhere the job itself must say so. */
function mayRemove(
  job: QueuedJob,
  bucket: string,
  { source, keepSource }: Pick<Settings, 'source' | 'keepSource'>,
): boolean {
  if (job.options?.keepSource !== undefined) return !job.options.keepSource;
  return !keepSource && bucket === source.bucket;
}

function isNewer(etag: string, expected: string | undefined): boolean {
  return expected !== undefined && etag.replaceAll('"', '') !== expected;
}
