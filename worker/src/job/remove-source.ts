import type { Logger } from '../log.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { describeSource, parseSource } from '../protocol/source-location.ts';
import type { Settings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';

/** The removal of one job's source. */
export interface Removal {
  /** After success. Does nothing where the source is to be kept; a failure is logged. */
  remove(log: Logger): Promise<void>;
}

const keep: Removal = { remove: async () => {} };

/** Deletes sources that are not to be kept, and only the version that was transcoded. */
export class SourceRemoval {
  readonly #settings: Pick<Settings, 'source' | 'keepSource'>;
  readonly #storeFor: (bucket: string) => Store;

  constructor(settings: Pick<Settings, 'source' | 'keepSource'>, storeFor: (bucket: string) => Store) {
    this.#settings = settings;
    this.#storeFor = storeFor;
  }

  /** Before the job: reads which version there is. */
  async prepare(job: QueuedJob): Promise<Removal> {
    const location = parseSource(job.source, this.#settings.source.bucket);
    if (location.kind !== 's3' || !mayRemove(job, location.bucket, this.#settings)) return keep;
    const store = this.#storeFor(location.bucket);
    const { key } = location;
    const before = await store.head(key);
    if (before === undefined || isNewer(before.etag, job.expectedEtag)) return keep;
    const source = describeSource(job.source);
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
  }
}

/** The farm's setting covers its source bucket alone; elsewhere the job itself must ask for the removal. */
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
