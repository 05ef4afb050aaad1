import type { Logger } from '../log.ts';
import { sourcesOf } from '../protocol/clips.ts';
import type { QueuedJob } from '../protocol/job.ts';
import { describeSource, parseSource } from '../protocol/source-location.ts';
import type { Settings } from '../settings/settings.ts';
import { mapLimited } from '../storage/limited.ts';
import type { Store } from '../storage/store.ts';

/** The removal of one job's sources. */
export interface Removal {
  /** After success. Does nothing where a source is to be kept; a failure is logged. */
  remove(log: Logger): Promise<void>;
}

/** Sources that are asked for at once. */
const headsAtOnce = 8;

const keep: Removal = { remove: async () => {} };

/** Deletes sources that are not to be kept, and only the version that was transcoded. */
export class SourceRemoval {
  readonly #settings: Pick<Settings, 'source' | 'keepSource'>;
  readonly #storeFor: (bucket: string) => Store;

  constructor(settings: Pick<Settings, 'source' | 'keepSource'>, storeFor: (bucket: string) => Store) {
    this.#settings = settings;
    this.#storeFor = storeFor;
  }

  /** Before the job: reads which versions there are. */
  async prepare(job: QueuedJob): Promise<Removal> {
    const removals = await mapLimited(sourcesOf(job), headsAtOnce, (source) => this.#prepareOne(source, job));
    return {
      async remove(log) {
        for (const removal of removals) await removal.remove(log);
      },
    };
  }

  async #prepareOne(named: string, job: QueuedJob): Promise<Removal> {
    const location = parseSource(named, this.#settings.source.bucket);
    if (location.kind !== 's3' || !mayRemove(job, location.bucket, this.#settings)) return keep;
    const store = this.#storeFor(location.bucket);
    const { key } = location;
    const before = await store.head(key);
    if (before === undefined || isNewer(before.etag, job.expectedEtag)) return keep;
    const source = describeSource(named);
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
